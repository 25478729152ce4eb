import LettaAPI
import Synchronization

/// What changed in an organization.
struct ServerChange: Hashable, Sendable {
    let organization: String
    let notice: ChangeNotice
}

/// What changes on this server, until the others on the database are told of it, and who of them wants to know.
///
/// Changes are gathered, so that many cost one transaction of their own: each commit that notifies takes a lock of the whole
/// database.
final class ChangeRelay: Sendable {
    /// What is to be told, and to whom.
    struct Telling: Sendable {
        var messages: [ServerMessage]
        var servers: [String]
    }

    /// At most once in that time the others are told.
    static let gathering = Duration.milliseconds(200)
    /// A server that has readers says so again within this time. Counted from the last time it did, it is told.
    static let patience = Duration.seconds(8)
    /// More are told as the fact that some were missed.
    static let mostPending = ChangeFeed.mostPending

    private struct State {
        var pending: [ServerChange] = []
        var known: Set<ServerChange> = []
        var hasMissed = false
        /// Until when servers are told, on the stopwatch.
        var listening: [String: Duration] = [:]
    }

    /// An element says that there is something to tell.
    let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private let elapsed: @Sendable () -> Duration
    private let state = Mutex(State())

    init(elapsed: @escaping @Sendable () -> Duration) {
        self.elapsed = elapsed
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes that servers want to know of changes.
    func listen(_ servers: [String]) {
        let end = elapsed() + Self.patience
        state.withLock { state in for server in servers { state.listening[server] = end } }
    }

    func add(_ change: ServerChange) {
        let now = elapsed()
        let isNew = state.withLock { state in
            state.listening = state.listening.filter { $0.value > now }
            guard !state.listening.isEmpty, !state.hasMissed, state.known.insert(change).inserted else { return false }
            if state.pending.count >= Self.mostPending {
                (state.pending, state.known, state.hasMissed) = ([], [], true)
            } else {
                state.pending.append(change)
            }
            return true
        }
        if isNew { signal.yield() }
    }

    /// What is to be told now; it counts as told. Nil for nothing.
    func take() -> Telling? {
        let now = elapsed()
        return state.withLock { state in
            state.listening = state.listening.filter { $0.value > now }
            let changes = state.pending
            let hasMissed = state.hasMissed
            (state.pending, state.known, state.hasMissed) = ([], [], false)
            guard !changes.isEmpty || hasMissed, !state.listening.isEmpty else { return nil }
            return Telling(
                messages: hasMissed ? [.missed] : ServerMessage.changes(changes), servers: Array(state.listening.keys))
        }
    }

    /// Says that what was taken could not be told.
    func miss() {
        state.withLock { state in (state.pending, state.known, state.hasMissed) = ([], [], true) }
        signal.yield()
    }
}
