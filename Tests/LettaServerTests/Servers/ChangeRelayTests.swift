import LettaAPI
import Synchronization
import Testing

@testable import LettaServer

/// What servers on one database tell each other of changes.
@Suite(.timeLimit(.minutes(5))) struct ChangeRelayTests {
    /// A stopwatch that is set.
    private final class Stopwatch: Sendable {
        private let time = Mutex(Duration.zero)
        var elapsed: @Sendable () -> Duration { { [self] in time.withLock { $0 } } }
        func pass(_ duration: Duration) { time.withLock { $0 += duration } }
    }

    private func change(_ number: Int, ids: Int = 1) -> ServerChange {
        ServerChange(
            organization: "org", notice: ChangeNotice("agents", (0..<ids).map { "agent-\(number)-\($0) \"\n" }))
    }

    @Test func `only servers that said so lately are told, each change once`() throws {
        let stopwatch = Stopwatch()
        let relay = ChangeRelay(elapsed: stopwatch.elapsed)
        relay.add(change(1))
        #expect(relay.take() == nil, "nobody wants to know")
        relay.listen(["a", "b"])
        for number in [1, 2, 1] { relay.add(change(number)) }
        let telling = try #require(relay.take())
        #expect(Set(telling.servers) == ["a", "b"] && telling.messages == [.changes([change(1), change(2)])])
        #expect(relay.take() == nil)
        stopwatch.pass(ChangeRelay.patience - .seconds(1))
        relay.listen(["b"])
        stopwatch.pass(.seconds(2))
        relay.add(change(1))
        #expect(relay.take()?.servers == ["b"])
        stopwatch.pass(ChangeRelay.patience)
        relay.add(change(2))
        #expect(relay.take() == nil)
        relay.listen(["a"])
        relay.add(change(3))
        stopwatch.pass(ChangeRelay.patience)
        #expect(relay.take() == nil, "who has ended since is not told")
    }

    @Test func `too many changes, and those that could not be told, are told as missed`() {
        let relay = ChangeRelay(elapsed: Stopwatch().elapsed)
        relay.listen(["a"])
        for number in 0...ChangeRelay.mostPending { relay.add(change(number)) }
        relay.add(change(0))
        #expect(relay.take()?.messages == [.missed])
        relay.add(change(0))
        relay.miss()
        #expect(relay.take()?.messages == [.missed])
        #expect(relay.take() == nil)
    }

    @Test func `messages survive their way, and none is too long for the database`() {
        let changes = (0..<200).map { change($0, ids: 3) }
        let messages = ServerMessage.changes(changes) + [.missed, .hears("server-1")]
        #expect(messages.count > 3)
        var heard: [ServerChange] = []
        for message in messages {
            #expect(message.text.utf8.count < 8_000)
            #expect(ServerMessage(message.text) == message)
            if case .changes(let part) = message { heard += part }
        }
        #expect(heard == changes)
        #expect(ServerMessage.changes([change(1, ids: 1_000)]) == [.missed])
        #expect(ServerMessage("changes nonsense") == .changes([]))
    }

    @Test func `what others change reaches readers here, and is not told again`() throws {
        let feed = ChangeFeed()
        let told = Mutex<[ChangeNotice]>([])
        feed.setRelay { notice, _ in told.withLock { $0.append(notice) } }
        #expect(!feed.hasReaders)
        let reader = try #require(feed.reader(of: "org"))
        #expect(feed.hasReaders)
        feed.deliver(ChangeNotice("agents", ["1"]), in: "org")
        feed.publish(ChangeNotice("agents", ["2"]), in: "org")
        #expect(reader.next() == .changed([ChangeNotice("agents", ["1"]), ChangeNotice("agents", ["2"])]))
        #expect(told.withLock { $0 } == [ChangeNotice("agents", ["2"])])
        feed.deliver(ChangeNotice("agents", ["3"]), in: "org")
        feed.missAll()
        #expect(reader.next() == .missed)
        #expect(reader.next() == .changed([]))
    }
}
