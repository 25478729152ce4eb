import AgentEngine
import LettaAPI
import Storage
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
    /// The end of the turn's last transaction.
    private let stored = Mutex<Settlement?>(nil)

    init(run: ID<Run>, agent: ID<AgentState>, organization: String, isBackground: Bool = false) {
        self.run = run
        self.agent = agent
        self.organization = organization
        self.isBackground = isBackground
    }

    /// Notes that what the log tells from now on is safe when `settlement` has ended.
    func note(_ settlement: Settlement?) {
        stored.withLock { $0 = settlement }
    }

    /// What has to end well before anybody outside is told what the log tells by now; nil where nothing is left to do.
    var settlement: Settlement? { stored.withLock { $0 } }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Says that the turn is to stop; ``TurnWorker`` also ends what it waits for.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
    }
}
