import JSON
import LettaAPI
import Logging
import Storage
import Synchronization

/// Runs the items of batches, a few at once and one per agent. The queue is a table, so a restart loses nothing: each item
/// becomes a run once.
final class BatchQueue: Sendable {
    /// The number of items at work.
    static let concurrency = 8

    private struct State {
        /// The agents of the items at work.
        var busy: Set<ID<AgentState>> = []
        var isClosing = false
    }

    private let core: Core
    private let ends: RunEnds
    private let callbacks: RunCallbackService
    private let state = Mutex(State())
    private let loop: WorkLoop
    private let deferral: RequestDeferral
    /// What providers answer in batches of their own.
    private let models: ModelBatchQueue

    init(core: Core, ends: RunEnds, callbacks: RunCallbackService, endpoints: BatchEndpoints) {
        self.core = core
        deferral = RequestDeferral(core: core, endpoints: endpoints)
        models = ModelBatchQueue(core: core)
        self.ends = ends
        self.callbacks = callbacks
        loop = WorkLoop(core: core, failureNotice: "Batches go on later")
    }

    /// Runs what waits, and what comes.
    func start(with turns: TurnService) {
        models.start(with: turns.opener.models) { [loop] in loop.wake() }
        loop.start { [self] group in
            try await finishBatches()
            while let item = try await next() {
                group.addTask { [self] in
                    await run(item, with: turns)
                    _ = state.withLock { $0.busy.remove(item.agent) }
                    wake()
                }
            }
            return .nothing(until: nil)
        }
    }

    /// Says that an item waits, or that one has ended.
    func wake() {
        loop.wake()
        models.wake()
    }

    /// Begins no more items. Those whose turns are cancelled from now on are left to the next start of the server.
    func stop() {
        state.withLock { $0.isClosing = true }
        loop.stop()
        models.stop()
    }

    /// Waits for the items at work, whose turns have to be cancelled before.
    func close() async {
        stop()
        await loop.close()
        await models.close()
    }

    /// Takes the next item; nil when none waits or enough are at work.
    private func next() async throws -> BatchStore.Waiting? {
        let busy = state.withLock { Array($0.busy) }
        guard busy.count < Self.concurrency, !Task.isCancelled else { return nil }
        let item = try await core.storage.read { db in try BatchStore.next(besides: busy, db) }
        if let item { _ = state.withLock { $0.busy.insert(item.agent) } }
        return item
    }

    private func run(_ item: BatchStore.Waiting, with turns: TurnService) async {
        let scope = Scope(organization: item.organization, user: item.user, key: item.key)
        do {
            let body = try JSONDecoding().decode(SendMessages.self, from: item.request.value())
            var request = try TurnRequest(body, to: item.agent, following: .later)
            request.failedRun = item.earlierRun
            switch item.ahead {
            case .notAsked:
                if try await deferral.put(item, request, with: turns.opener, as: scope) { return }
            case .answered(let answer): request.answer = answer
            case .refused: break
            }
            let (run, control) = try await turns.acceptOwn(
                request, as: scope,
                noting: { run, db in
                    guard try BatchStore.begin(item.id, as: run.id, db) else { throw BatchItemIsGone() }
                })
            await control.log.finished()
            // The next start of the server ends the item, or begins it anew.
            if state.withLock({ $0.isClosing }) { return }
            let stored = try await core.storage.read(as: scope) { db in try RunStore.run(run.id, db) }
            let end = stored.map(ends.current)
            await self.end(item, end?.status ?? .failed, because: end?.failureReason, as: scope)
        } catch is BatchItemIsGone {
            // It was cancelled or deleted meanwhile.
        } catch {
            let isTransient = (error as? APIError)?.status == 503 || (error as? SQLFailure)?.isTransient == true
            if isTransient || Task.isCancelled {
                // It still waits.
                _ = await ends.pause()
                return
            }
            core.logger.error(
                "An item of a batch could not start", metadata: ["batch.id": "\(item.batch)", "error": "\(error)"])
            let reason = (error as? APIError)?.explanation ?? "The server could not start this item."
            await end(item, .failed, because: reason, as: scope)
        }
    }

    /// Stores the end of an item as soon as the database accepts it. An item at work has ended for good.
    private func end(
        _ item: BatchStore.Waiting, _ status: RunStatus, because reason: String?, as scope: Scope
    ) async {
        let ended: RunStatus = status == .created || status == .running ? .failed : status
        while true {
            do {
                try await core.storage.write(as: scope) { db in
                    try BatchStore.end(item.id, ended, because: reason, db)
                    guard var row = try db.fetch(JobStore.table, item.batch, locking: true), row.job.status.isFinished
                    else { return }
                    // The batch was cancelled while the item was at work.
                    try BatchService.count(&row, db)
                    try db.update(row, in: JobStore.table)
                }
                return
            } catch {
                core.logger.error(
                    "The end of an item is stored later", metadata: ["batch.id": "\(item.batch)", "error": "\(error)"])
                guard await ends.pause() else { return }
            }
        }
    }

    /// Ends the batches that have no open item.
    private func finishBatches() async throws {
        var isAnnounced = false
        for (organization, batch) in try await core.storage.read({ db in try BatchStore.unfinished(db) }) {
            let time = core.now()
            // Nobody acts here.
            let scope = Scope(organization: organization, user: "")
            let hasCallback = try await core.storage.write(as: scope) { db -> Bool in
                guard var row = try db.fetch(JobStore.table, batch, locking: true), !row.job.status.isFinished else {
                    return false
                }
                let counts = try BatchStore.counts(batch, db)
                guard counts.open == 0 else { return false }
                let status: JobStatus =
                    counts.byStatus["failed"] == counts.total
                    ? .failed : counts.byStatus["cancelled"] == counts.total ? .cancelled : .completed
                try BatchService.finish(&row, as: status, at: time, db)
                return row.job.callbackURL != nil
            }
            isAnnounced = isAnnounced || hasCallback
        }
        if isAnnounced { callbacks.wake() }
    }
}

/// The item was cancelled or deleted before its run began.
private struct BatchItemIsGone: Error {}
