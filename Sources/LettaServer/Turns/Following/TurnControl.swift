import AgentEngine
import LettaAPI
import Synchronization

/// The handle of a running turn: its events, and its cancellation.
final class TurnControl: Sendable {
    let run: ID<Run>
    let agent: ID<AgentState>
    /// Nil for the agent's own.
    let conversation: ID<Conversation>?
    let organization: String
    /// Whether the run can be followed at any time, so that its events are numbered and stored.
    let isBackground: Bool
    let log: RunLog
    /// Collects the response of a turn without a stream; its events are not logged.
    let collector: TurnCollector?
    private let relay: (@Sendable (TurnEvent) -> Void)?
    private let cancelled = Atomic(false)
    private let reason = Mutex<String?>(nil)
    private let otherServers = Mutex<Set<String>>([])

    init(
        run: ID<Run>, agent: ID<AgentState>, conversation: ID<Conversation>? = nil, organization: String,
        isBackground: Bool = false, collector: TurnCollector? = nil, relay: (@Sendable (TurnEvent) -> Void)? = nil,
        limits: RunLog.Limits = RunLog.Limits()
    ) {
        self.relay = relay
        self.run = run
        self.agent = agent
        self.conversation = conversation
        self.organization = organization
        self.isBackground = isBackground
        self.collector = collector
        log = RunLog(isStored: isBackground, limits: limits)
    }

    /// The servers that want to hear when events are stored.
    var followers: Set<String> { otherServers.withLock { $0 } }

    func follow(by server: String) {
        _ = otherServers.withLock { $0.insert(server) }
    }

    func emit(_ event: TurnEvent) {
        relay?(event)
        if let collector {
            collector.add(event)
        } else {
            log.append { RunEvent(event, at: $0, isNumbered: isBackground) }
        }
    }

    func emit(_ end: TurnEnd) {
        for event in end.events(runID: run.rawValue) { emit(event) }
    }

    var isCancelled: Bool { cancelled.load(ordering: .sequentiallyConsistent) }

    /// Why the turn was cancelled, where it was no client that wished it.
    var cancellationReason: String? { reason.withLock { $0 } }

    /// Cancels the turn; ``TurnWorker`` also cancels what it waits for.
    func cancel(because reason: String? = nil) {
        if let reason { self.reason.withLock { $0 = $0 ?? reason } }
        cancelled.store(true, ordering: .sequentiallyConsistent)
    }
}
