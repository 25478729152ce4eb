import AgentEngine
import LettaAPI
import Synchronization

/// What others hold of a running turn: its log, and the way to stop it.
final class TurnControl: Sendable {
    let run: ID<Run>
    let agent: ID<AgentState>
    let organization: String
    /// Whether the run goes on without a reader from the start, so that its events are numbered and stored.
    let isBackground: Bool
    let log = RunLog<TurnEvent>()
    private let cancelled = Atomic(false)
    /// Waits for the end of the turn's last transaction.
    private let stored = Mutex<(@Sendable () async throws -> Void)?>(nil)

    init(run: ID<Run>, agent: ID<AgentState>, organization: String, isBackground: Bool = false) {
        self.run = run
        self.agent = agent
        self.organization = organization
        self.isBackground = isBackground
    }

    /// Notes that what the log tells from now on is safe when `settle` has returned.
    func note(_ settle: @escaping @Sendable () async throws -> Void) {
        stored.withLock { $0 = settle }
    }

    /// Returns when what the log tells by now survives a loss of power: before that nobody outside is told.
    func settle() async throws {
        try await stored.withLock { $0 }?()
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Says that the turn is to stop; ``TurnWorker`` also ends what it waits for.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
    }
}
