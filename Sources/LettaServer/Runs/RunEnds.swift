import AgentEngine
import EventStreams
import LettaAPI
import Logging
import Storage
import Synchronization

/// Stores how runs ended, also when the database refuses to for a while: the ends are kept in memory until it accepts them.
///
/// While an end is kept, the row of its run still says `running`. Whoever reads runs asks ``current(_:)``.
final class RunEnds: TaskOwner, Sendable {
    private struct Kept: Sendable {
        let run: Run
        let scope: Scope
        let spans: [RunSpan]
        /// The first attempt that includes it.
        var due = 0
    }

    private struct State {
        var kept: [ID<Run>: Kept] = [:]
        /// Stores what is kept; nil when nothing is.
        var storing: Task<Void, Never>?
        var pauses: [Int: Task<Void, any Error>] = [:]
        var lastPause = 0
        var lastAttempt = 0
        var isClosing = false
    }

    /// How many ends are kept at most. The runs beyond it end at the next start of the server.
    static let limit = 10_000
    /// The time between two attempts.
    static let delay = Duration.seconds(1)
    /// After how many attempts an end is tried again that the database refused for a reason of its own, and which may be
    /// refused for good.
    static let slowdown = 30

    private let core: Core
    private let state = Mutex(State())

    init(core: Core) {
        self.core = core
    }

    /// Stores the end of a run, at once or as soon as the database accepts it.
    ///
    /// - Parameter spans: those that no stored step has.
    func store(_ run: Run, spans: [RunSpan] = [], as scope: Scope) async {
        do {
            try await close(run, spans, as: scope)
        } catch {
            let isKept = keep(Kept(run: run, scope: scope, spans: spans), after: error)
            core.logger.error(
                isKept ? "The end of a run is stored later" : "The end of a run is stored at the next start",
                metadata: ["run.id": "\(run.id)", "error": "\(error)"])
        }
    }

    /// Stores the end of a run whose last step did not store it. Idempotent.
    private func close(_ run: Run, _ spans: [RunSpan], as scope: Scope) async throws {
        let time = core.now()
        try await shieldedFromCancellation { [core] in
            try await core.storage.write(as: scope) { db in
                // The run may have been deleted, or never have been stored.
                if try RunStore.update(run, at: time, db) { try TurnStore.setLastRun(run, db) }
                if !spans.isEmpty { try RunStore.setSpans(spans, of: run.id, db) }
            }
        }
        core.changes.tell(run, as: scope)
    }

    /// Ends a run that did not get to its first step.
    func store(_ run: Run, _ stop: TurnStop, as scope: Scope) async {
        var run = run
        run.end(stop, at: core.now())
        await store(run, as: scope)
    }

    /// The run as it is when the database does not know its end yet.
    func current(_ run: Run) -> Run {
        guard let end = state.withLock({ $0.kept[run.id]?.run }) else { return run }
        var run = run
        run.status = end.status
        run.stopReason = end.stopReason
        run.completedAt = end.completedAt
        run.totalDuration = end.totalDuration
        run.timeToFirstToken = end.timeToFirstToken
        return run
    }

    /// Forgets the end of a run that was deleted.
    func forget(_ run: ID<Run>) {
        _ = state.withLock { $0.kept.removeValue(forKey: run) }
    }

    /// Waits until a write that the database refused is worth another attempt.
    ///
    /// - Returns: false when the server is stopping.
    func pause() async -> Bool {
        let pause = state.withLock { state -> (number: Int, task: Task<Void, any Error>)? in
            guard !state.isClosing else { return nil }
            state.lastPause += 1
            let task = Task { [clock = core.clock] in try await clock.sleep(for: Self.delay) }
            state.pauses[state.lastPause] = task
            return (state.lastPause, task)
        }
        guard let pause else { return false }
        defer { _ = state.withLock { $0.pauses.removeValue(forKey: pause.number) } }
        // Fails only when the server stops.
        return (try? await pause.task.value) != nil
    }

    /// Makes ``pause()`` return, so that turns can end.
    func stopRetrying() {
        let pauses = state.withLock { state in
            state.isClosing = true
            return Array(state.pauses.values)
        }
        for pause in pauses { pause.cancel() }
    }

    /// Tries a last time to store what is kept. The next start of a server ends the other runs.
    func close() async {
        stopRetrying()
        await state.withLock { $0.storing }?.value
        await storeKept(all: true)
    }

    // MARK: What is kept

    private func keep(_ end: Kept, after error: any Error) -> Bool {
        state.withLock { state in
            guard state.kept.count < Self.limit else { return false }
            var end = end
            if !Self.isTransient(error) { end.due = state.lastAttempt + Self.slowdown }
            state.kept[end.run.id] = end
            if state.storing == nil, !state.isClosing {
                state.storing = Task { [self] in
                    while await pause() {
                        if await storeKept() { return }
                    }
                }
            }
            return true
        }
    }

    /// Whether other ends are refused for the same reason.
    private static func isTransient(_ error: any Error) -> Bool {
        (error as? SQLFailure)?.isTransient == true
    }

    /// Stores the ends that are due one after the other, until the database refuses them all.
    ///
    /// - Parameter all: whether those are due that wait for a later attempt.
    /// - Returns: whether nothing is left.
    @discardableResult
    private func storeKept(all: Bool = false) async -> Bool {
        let due = state.withLock { state in
            state.lastAttempt += 1
            return state.kept.values.filter { all || $0.due <= state.lastAttempt }
        }
        // A run may be deleted meanwhile.
        for end in due where state.withLock({ $0.kept[end.run.id] != nil }) {
            do {
                try await close(end.run, end.spans, as: end.scope)
                forget(end.run.id)
            } catch {
                if Self.isTransient(error) { return false }
                state.withLock { $0.kept[end.run.id]?.due = $0.lastAttempt + Self.slowdown }
                core.logger.error(
                    "The end of a run is still not stored", metadata: ["run.id": "\(end.run.id)", "error": "\(error)"])
            }
        }
        return state.withLock { state in
            if state.kept.isEmpty { state.storing = nil }
            return state.kept.isEmpty
        }
    }
}
