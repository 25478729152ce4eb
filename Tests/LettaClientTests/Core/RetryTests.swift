import Glibc
import LettaAPI
import Testing

@testable import LettaClient

private let healthy = FaultServer.Reply.json(
    #"{"version": "1", "status": "ok", "server": "fake", "server_version": "2"}"#)
private let block = FaultServer.Reply.json(
    #"{"id": "block-1", "label": "human", "value": "x", "limit": 5, "read_only": false, "is_template": false, "tags": []}"#
)
private let newBlock = CreateBlock(label: "human", value: "x")

@Suite(.timeLimit(.minutes(5))) struct RetryTests {
    @Test(arguments: [408, 429, 502, 503, 504]) func aPassingRefusalIsTriedAgain(_ status: Int) async throws {
        try await FaultServer.serving(.refusal(status), .refusal(status), healthy) { server, client async throws in
            #expect(try await client.call(API.Health.health).status == "ok")
            #expect(server.received.count == 3)
            #expect(server.pauses.count == 2)
            #expect((.milliseconds(250) ... .milliseconds(500)).contains(server.pauses[0]))
            #expect((.milliseconds(500) ... .seconds(1)).contains(server.pauses[1]))
        }
    }

    @Test(arguments: [400, 401, 404, 409, 422, 500]) func aLastingRefusalIsNot(_ status: Int) async throws {
        try await FaultServer.serving(.refusal(status)) { server, client async throws in
            let failure = await failure { _ = try await client.call(API.Health.health) }
            #expect(failure?.status == status)
            #expect(failure?.description == "status \(status): no \(status)")
            #expect(server.received.count == 1)
        }
    }

    @Test func afterTheLastRetryTheRefusalIsTold() async throws {
        let settings = ClientSettings(maximumRetries: 3)
        try await FaultServer.serving(.refusal(503), settings: settings) { server, client async throws in
            let failure = await failure { _ = try await client.call(API.Health.health) }
            #expect(failure?.status == 503)
            #expect(server.received.count == 4)
        }
    }

    @Test(arguments: [429, 503]) func theServersOwnWaitIsKept(_ status: Int) async throws {
        try await FaultServer.serving(.refusal(status, retryAfter: "7"), block) { server, client async throws in
            _ = try await client.call(API.Blocks.create, body: newBlock)
            #expect(server.pauses == [.seconds(7)])
            #expect(server.received.map(\.verb) == ["POST", "POST"])
            #expect(server.received[0].body == server.received[1].body)
        }
    }

    @Test(arguments: ["-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"])
    func aWaitThatIsNoNumberIsReplacedByTheUsualOne(_ wish: String) async throws {
        try await FaultServer.serving(.refusal(503, retryAfter: wish), healthy) { server, client async throws in
            #expect(try await client.call(API.Health.health).status == "ok")
            let pause = try #require(server.pauses.first)
            #expect((.milliseconds(250) ... .milliseconds(500)).contains(pause))
        }
    }

    @Test(arguments: ["61", "3600"]) func aLongWaitIsTheCallersBusiness(_ seconds: String) async throws {
        let settings = ClientSettings(callTimeout: .seconds(10_000))
        let refusal = FaultServer.Reply.refusal(429, retryAfter: seconds)
        try await FaultServer.serving(refusal, settings: settings) { server, client async throws in
            let failure = await failure { _ = try await client.call(API.Health.health) }
            #expect(failure?.status == 429)
            #expect(server.received.count == 1)
        }
    }

    @Test func aWaitBeyondTheTimeOfTheCallIsNotBegun() async throws {
        let settings = ClientSettings(callTimeout: .seconds(20))
        let refusal = FaultServer.Reply.refusal(503, retryAfter: "30")
        try await FaultServer.serving(refusal, settings: settings) { server, client async throws in
            let failure = await failure { _ = try await client.call(API.Health.health) }
            #expect(failure?.status == 503)
            #expect(server.pauses.isEmpty)
        }
    }

    @Test(arguments: [408, 429, 502, 503, 504]) func aPostThatMayHaveWorkedIsNotRepeated(_ status: Int) async throws {
        try await FaultServer.serving(.refusal(status)) { server, client async throws in
            let failure = await failure { _ = try await client.call(API.Blocks.create, body: newBlock) }
            #expect(failure?.status == status)
            #expect(server.received.count == 1)
        }
    }

    @Test func aCutAnswerIsAskedForAgain() async throws {
        try await FaultServer.serving(.cut, healthy) { server, client async throws in
            #expect(try await client.call(API.Health.health).status == "ok")
            #expect(server.received.count == 2)
        }
    }

    @Test func aChangeWhoseAnswerWasCutIsRepeated() async throws {
        try await FaultServer.serving(.cut, block) { server, client async throws in
            _ = try await client.call(API.Blocks.update, path: ID("block-1"), body: UpdateBlock())
            #expect(server.received.map(\.verb) == ["PATCH", "PATCH"])
        }
    }

    @Test func aPostWhoseAnswerWasCutIsNot() async throws {
        try await FaultServer.serving(.cut) { server, client async throws in
            let failure = await failure { _ = try await client.call(API.Blocks.create, body: newBlock) }
            guard case .connection? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(server.received.count == 1)
        }
    }

    @Test func whereNobodyListensEvenAPostIsTriedAgain() async throws {
        let (port, socket) = try Self.closedPort()
        defer { close(socket) }
        let (waits, waiting) = AsyncStream<Duration>.makeStream()
        let client = LettaClient(baseURL: "http://127.0.0.1:\(port)", token: nil, settings: .init()) {
            waiting.yield($0)
        }
        let failure = await failure { _ = try await client.call(API.Blocks.create, body: newBlock) }
        try await client.shutdown()
        waiting.finish()
        guard case .connection(let reason)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(reason.contains("127.0.0.1:\(port)"))
        #expect(await waits.reduce(into: 0) { count, _ in count += 1 } == 2)
    }

    /// A port that refuses connections as long as `socket` is open: taken, and nobody listens.
    private static func closedPort() throws -> (port: Int, socket: Int32) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(isBound)
        return (Int(UInt16(bigEndian: address.sin_port)), descriptor)
    }
}
