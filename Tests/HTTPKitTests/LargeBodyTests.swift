import Dispatch
import Hummingbird
import HummingbirdTesting
import JSON
import LettaAPI
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPKit

/// Large bodies are decoded off the cooperative pool.
@Suite(.timeLimit(.minutes(5))) struct LargeBodyTests {
    @Test func `other requests are served while as many large bodies as there are cores are decoded`() async throws {
        let routes = Routes()
        routes.handle(NoteEndpoints.whoami) { _ in Echo("served") }
        routes.handle(SlowBody.endpoint) { Echo(.bool($0.body.wasReleased)) }
        let server = try TestServer(routes: routes, metrics: PrometheusMetrics())
        let cores = System.coreCount
        try await server.application.test(.ahc(.http)) { client in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<cores {
                    group.addTask {
                        let body = ByteBuffer(string: "{}" + String(repeating: " ", count: 256 << 10))
                        let response = try await client.execute(uri: SlowBody.endpoint.path, method: .post, body: body)
                        return String(buffer: response.body)
                    }
                }
                for await started in SlowBody.started where started == cores { break }
                let other = try await client.execute(uri: "/v1/whoami", method: .get)
                #expect(String(buffer: other.body) == #""served""#)
                for _ in 0..<cores { SlowBody.release.signal() }
                // A body whose decoding held a thread that the other request needed was not released in time.
                for try await text in group { #expect(text == "true") }
            }
        }
    }

    @Test func `errors of large bodies are those of small ones`() async throws {
        let server = try TestServer()
        let padding = String(repeating: " ", count: 256 << 10)
        for (body, type) in [
            (#"{"label": 5}"#, "application/json"), ("{", "application/json"), ("{}", "application/json"),
            ("text", "text/plain"),
        ] {
            let small = try await server.send(.post, "/v1/notes/", body + "  ", headers: [.contentType: type])
            let large = try await server.send(.post, "/v1/notes/", body + padding, headers: [.contentType: type])
            #expect(small.status == 422)
            #expect(large.status == 422)
            if type == "application/json", body != "{" { #expect(small.body == large.body) }
        }
        let fits = try await server.send(.post, "/v1/notes/", #"{"label": "x"}"# + padding)
        #expect(fits.json?["label"] == "x")
    }
}

/// Blocks its thread while it is decoded.
private struct SlowBody: Codable, Sendable {
    static let endpoint = Endpoint<NoPath, NoQuery, SlowBody, Echo>(.post, "/v1/slow", "Decodes slowly.")
    static let release = DispatchSemaphore(value: 0)
    /// How many bodies are being decoded.
    static let (started, start) = AsyncStream<Int>.makeStream()
    private static let count = Atomic(0)

    let wasReleased: Bool

    init(from decoder: any Decoder) throws {
        Self.start.yield(Self.count.wrappingAdd(1, ordering: .relaxed).newValue)
        // Without a limit a failure would be a deadlock of all tests.
        wasReleased = Self.release.wait(timeout: .now() + .seconds(60)) == .success
    }

    func encode(to encoder: any Encoder) throws {}
}
