import JSON
import LettaAPI
import Testing

@testable import LettaClient

@Suite(.timeLimit(.minutes(5))) struct FailureTests {
    @Test(arguments: ["", "{", "<html>", "[1, 2]", #"{"version": 1}"#])
    func anAnswerThatIsNoneIsSaidToBeSo(_ body: String) async throws {
        try await FaultServer.serving(.json(body)) { server, client async throws in
            let failure = await failure { _ = try await client.call(API.Health.health) }
            guard case .decoding? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(server.received.count == 1)
        }
    }

    @Test(arguments: [
        (#"{"detail": "said"}"#, "said"), (#"{"detail": {"code": "X", "message": "said"}}"#, "said"),
        (#"{"error": {"type": "t", "message": "said"}}"#, "said"), (#"{"error": "said"}"#, "said"),
        ("Bad Gateway", "Bad Gateway"), (#"{"other": 1}"#, #"{"other": 1}"#), ("", ""),
    ])
    func theServersReasonIsFound(_ body: String, _ detail: String) async throws {
        let error = LettaClientError(status: 400, answer: body)
        guard case .api(400, detail, let whole) = error else {
            Issue.record("\(error)")
            return
        }
        let document = try? JSONParser().parse(body)
        #expect(whole == document ?? .string(body))
    }

    @Test func aServerThatFallsSilentEndsTheCallInTime() async throws {
        let settings = ClientSettings(callTimeout: .milliseconds(200))
        try await FaultServer.serving(.hang, settings: settings) { server, client async throws in
            let failure = await failure { _ = try await client.call(API.Health.health) }
            guard case .timeout? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            var departures = server.departures.makeAsyncIterator()
            await departures.next()
            #expect(server.received.count == 1)
        }
    }

    @Test func aCancelledCallEndsAndLetsTheConnectionGo() async throws {
        try await FaultServer.serving(.hang) { server, client async throws in
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await client.call(API.Health.health) }
                    var silences = server.silences.makeAsyncIterator()
                    await silences.next()
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
            var departures = server.departures.makeAsyncIterator()
            await departures.next()
        }
    }

    @Test func aCallAfterShutdownFails() async throws {
        let client = LettaClient(baseURL: "http://127.0.0.1:1")
        try await client.shutdown()
        let failure = await failure { _ = try await client.call(API.Health.health) }
        #expect(failure != nil)
    }

    @Test(arguments: ["", "localhost:8283", "ftp://localhost", "http://"])
    func aBaseURLThatIsNoneIsSaidToBeSo(_ url: String) async throws {
        try await LettaClient.withClient(baseURL: url) { client async throws in
            let failure = await failure { _ = try await client.call(API.Health.health) }
            guard case .invalidRequest? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
        }
    }
}
