import LettaAPI
import Synchronization

/// Tells readers what changes in their organization, as it happens in this process and on other servers.
///
/// A reader that does not read keeps one notice of each thing that changed, and beyond ``mostPending`` only the fact that it
/// missed some.
package final class ChangeFeed: Sendable {
    /// What a reader gets.
    enum News: Equatable, Sendable {
        case changed([ChangeNotice])
        /// So much changed that only reading everything anew helps.
        case missed
    }

    /// One client's part of the feed. It ends with ``bell``.
    struct NewsReader: Sendable {
        /// An element says that something came, or that somebody rang.
        let bell: AsyncStream<Void>
        let ring: @Sendable () -> Void
        /// What came since the last call.
        let next: @Sendable () -> News
    }

    static let mostPending = 500
    /// Of all organizations.
    static let mostReaders = 256

    private struct Reader {
        let organization: String
        let bell: AsyncStream<Void>.Continuation
        var pending: [ChangeNotice] = []
        var known: Set<ChangeNotice> = []
        var hasMissed = false

        /// - Returns: whether it has to be woken.
        mutating func add(_ notice: ChangeNotice) -> Bool {
            guard !hasMissed, known.insert(notice).inserted else { return false }
            if pending.count >= ChangeFeed.mostPending {
                (pending, known, hasMissed) = ([], [], true)
            } else {
                pending.append(notice)
            }
            return true
        }
    }

    private struct State {
        var readers: [Int: Reader] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())
    private let relay = Mutex<(@Sendable (ChangeNotice, _ organization: String) -> Void)?>(nil)

    /// Has other servers told of what changes here.
    func setRelay(_ relay: @escaping @Sendable (ChangeNotice, _ organization: String) -> Void) {
        self.relay.withLock { $0 = relay }
    }

    var hasReaders: Bool { state.withLock { !$0.readers.isEmpty } }

    /// Tells of a change on this server.
    func publish(_ notice: ChangeNotice, in organization: String) {
        deliver(notice, in: organization)
        relay.withLock { $0 }?(notice, organization)
    }

    /// Tells all readers that they may have missed something.
    func missAll() {
        let bells = state.withLock { state in
            for number in Array(state.readers.keys) {
                state.readers[number]?.pending = []
                state.readers[number]?.known = []
                state.readers[number]?.hasMissed = true
            }
            return state.readers.values.map(\.bell)
        }
        for bell in bells { bell.yield() }
    }

    /// Tells this server's readers alone.
    func deliver(_ notice: ChangeNotice, in organization: String) {
        let bells = state.withLock { state in
            var bells: [AsyncStream<Void>.Continuation] = []
            for number in Array(state.readers.keys) {
                guard let reader = state.readers[number], reader.organization == organization else { continue }
                if state.readers[number]?.add(notice) == true { bells.append(reader.bell) }
            }
            return bells
        }
        for bell in bells { bell.yield() }
    }

    /// Nil when there are too many.
    func reader(of organization: String) -> NewsReader? {
        let (stream, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            guard state.readers.count < Self.mostReaders else { return nil }
            state.lastNumber += 1
            state.readers[state.lastNumber] = Reader(organization: organization, bell: bell)
            return state.lastNumber
        }
        guard let number else { return nil }
        bell.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.readers.removeValue(forKey: number) }
        }
        return NewsReader(
            bell: stream, ring: { bell.yield() }, next: { [weak self] in self?.take(number) ?? .changed([]) })
    }

    private func take(_ number: Int) -> News {
        state.withLock { state in
            guard let reader = state.readers[number] else { return .changed([]) }
            state.readers[number]?.pending = []
            state.readers[number]?.known = []
            state.readers[number]?.hasMissed = false
            return reader.hasMissed ? .missed : .changed(reader.pending)
        }
    }
}
