import EventStreams
import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage

/// Posts the ends of background runs to the callback URLs of their senders, until they arrive or all attempts have failed.
///
/// What is to be sent is in the table of callbacks, so a restart loses nothing. A callback may arrive more than once.
final class RunCallbackService: Sendable {
    static let deadline = Duration.seconds(10)
    static let maximumAttempts = 10
    /// The number of callbacks that are sent at once.
    private static let batch = 16

    private let core: Core
    private let ends: RunEnds
    private let egress: EgressClient
    private let signature: CallbackSignature?
    private let loop: WorkLoop

    init(core: Core, ends: RunEnds, egress: EgressClient, secret: Secret?) {
        self.core = core
        self.ends = ends
        self.egress = egress
        signature = secret.map(CallbackSignature.init)
        loop = WorkLoop(core: core, failureNotice: "Callbacks are sent later")
    }

    /// - Throws: `APIError` 422 for an address that this server never calls.
    static func checked(_ url: String?) throws -> String? {
        guard let url else { return nil }
        do {
            _ = try EgressAddress(url)
        } catch {
            throw APIError.invalidField("callback_url", error.reason, input: .string(url))
        }
        return url
    }

    /// The time between an attempt and the next: 10 seconds, doubled for each attempt, at most an hour.
    static func delay(after attempts: Int) -> Duration {
        var backoff = Backoff()
        backoff.firstDelay = .seconds(10)
        backoff.maximumDelay = .seconds(3_600)
        return backoff.delay(before: max(1, attempts), jitter: 0)
    }

    /// Announces the end of a run, in the background.
    func announce(_ run: ID<Run>, as scope: Scope) async {
        let time = core.now()
        let subject = RunCallbackStore.Subject.run(run)
        guard await write(subject, as: scope, { try RunCallbackStore.setDue(subject, at: time, attempts: 0, $0) })
        else { return }
        wake()
    }

    /// Sends what is due, also what an earlier server left.
    func start() {
        loop.start { [self] _ in try await send() }
    }

    /// Says that a callback is due.
    func wake() { loop.wake() }

    /// Stops sending. The next start of the server goes on.
    func close() async { await loop.close() }

    // MARK: Sending

    private func send() async throws -> WorkLoop.Finding {
        let now = core.now()
        let (due, next) = try await core.storage.read { db in
            (try RunCallbackStore.due(at: now, limit: Self.batch, db), try RunCallbackStore.nextTime(db))
        }
        if due.isEmpty { return .nothing(until: next) }
        await withTaskGroup(of: Void.self) { group in
            for callback in due { group.addTask { await self.deliver(callback) } }
        }
        return .more
    }

    private func deliver(_ callback: RunCallbackStore.Due) async {
        // No user acts here.
        let scope = Scope(organization: callback.organization, user: "")
        do {
            guard let (url, body) = try await content(of: callback.subject, as: scope) else {
                // A deleted run takes its callback with it; one without an address has none.
                _ = await write(callback.subject, as: scope) { try RunCallbackStore.delete(callback.subject, $0) }
                return
            }
            let outcome = await post(body, to: url)
            guard !Task.isCancelled else { return }
            await store(outcome, of: callback, as: scope)
        } catch {
            if Task.isCancelled { return }
            core.logger.error(
                "A callback is sent later", metadata: ["run.id": "\(callback.subject)", "error": "\(error)"])
            _ = await ends.pause()
        }
    }

    private struct Outcome: Sendable {
        var status: Int?
        var problem: String?
        var mayWorkLater = false
    }

    /// The address and the body; nil when there is nothing to announce.
    private func content(
        of subject: RunCallbackStore.Subject, as scope: Scope
    ) async throws -> (url: String, body: [UInt8])? {
        switch subject {
        case .run(let id):
            let stored = try await core.storage.read(as: scope) { db in try RunStore.run(id, db) }
            return stored.map(ends.current).flatMap { run in run.callbackURL.map { ($0, Self.body(of: run)) } }
        case .job(let id):
            let job = try await core.storage.read(as: scope) { db in try db.fetch(JobStore.table, id)?.job }
            return job.flatMap { job in job.callbackURL.map { ($0, Self.body(of: job)) } }
        }
    }

    private func post(_ body: [UInt8], to url: String) async -> Outcome {
        let headers = signature.map { [(CallbackSignature.header, $0.text(for: body, at: core.now()))] } ?? []
        do throws(ProviderFailure) {
            let status = try await egress.post(
                body, to: url, headers: headers, within: Self.deadline, clock: core.clock)
            return Outcome(status: status, mayWorkLater: status >= 500 || [408, 425, 429].contains(status))
        } catch {
            // A forbidden address and a redirect stay what they are.
            return Outcome(status: error.status, problem: error.message, mayWorkLater: error.kind != .badRequest)
        }
    }

    private func store(_ outcome: Outcome, of callback: RunCallbackStore.Due, as scope: Scope) async {
        let (subject, time, attempts) = (callback.subject, core.now(), callback.attempts + 1)
        var outcome = outcome
        var next: Timestamp?
        if outcome.mayWorkLater, attempts < Self.maximumAttempts {
            let delay = Self.delay(after: attempts).components.seconds
            next = Timestamp(microseconds: time.microseconds + delay * 1_000_000)
        } else if outcome.mayWorkLater {
            outcome.problem =
                "\(outcome.problem ?? "The listener responded with status \(outcome.status ?? 0).") No attempt is left "
                + "after \(attempts)."
        }
        _ = await write(subject, as: scope) { [outcome, next] db in
            try RunCallbackStore.setOutcome(
                of: subject, sentAt: time, status: outcome.status, error: outcome.problem, db)
            if let next {
                try RunCallbackStore.setDue(subject, at: next, attempts: attempts, db)
            } else {
                try RunCallbackStore.delete(subject, db)
            }
        }
    }

    /// Writes as soon as the database accepts it.
    ///
    /// - Returns: false when it never does, or the server stops before.
    private func write(
        _ subject: RunCallbackStore.Subject, as scope: Scope, _ body: @escaping @Sendable (Transaction) throws -> Void
    ) async -> Bool {
        while true {
            do {
                try await shieldedFromCancellation { [core] in try await core.storage.write(as: scope, body) }
                return true
            } catch {
                let isRetried = (error as? SQLFailure)?.isTransient == true
                core.logger.error(
                    isRetried ? "The state of a callback is stored later" : "The state of a callback was not stored",
                    metadata: ["run.id": "\(subject)", "error": "\(error)"])
                guard isRetried, await ends.pause() else { return false }
            }
        }
    }

    private static func body(of job: Job) -> [UInt8] {
        JSONWriter.bytes(
            of: [
                "job_id": .string(job.id.rawValue), "status": .string(job.status.rawValue),
                "completed_at": job.completedAt.map { .string($0.wireText) } ?? .null,
            ] as JSONValue)
    }

    private static func body(of run: Run) -> [UInt8] {
        JSONWriter.bytes(
            of: [
                "run_id": .string(run.id.rawValue), "agent_id": .string(run.agentID.rawValue),
                "status": .string(run.status.rawValue),
                "stop_reason": run.stopReason.map { .string($0.rawValue) } ?? .null,
                "completed_at": run.completedAt.map { .string($0.wireText) } ?? .null,
            ] as JSONValue)
    }
}
