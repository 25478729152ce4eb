import HTTPTypes
import HummingbirdTesting
import LettaAPI
import NIOCore
import NIOPosix
import Testing

@testable import HTTPKit

/// Event streams over real connections.
@Suite(.timeLimit(.minutes(5))) struct EventStreamTests {
    @Test func `the connection of a stream serves the next request`() async throws {
        try await TestServer().application.test(.live) { client in
            for round in 0..<3 {
                let stream = try await client.execute(
                    uri: "/v1/say", method: .post, body: ByteBuffer(string: #"{"hard": true}"#))
                #expect(String(buffer: stream.body) == "data: true 1\n\ndata: true 2\n\n")
                #expect(stream.headers[.connection] == nil)
                let next = try await client.execute(uri: "/v1/whoami", method: .get)
                #expect(next.status == .ok, "in round \(round)")
            }
        }
    }

    @Test func `a stream ends when its client leaves`() async throws {
        let (begins, begin) = AsyncStream<Void>.makeStream()
        let (ends, end) = AsyncStream<Void>.makeStream()
        let (silence, hold) = AsyncStream<Void>.makeStream()
        defer { hold.finish() }
        let frames = AsyncStream<[UInt8]> {
            begin.finish()
            // Ended by the client's leaving, or the test fails.
            for await _ in silence {}
            return nil
        } onCancel: {
            end.finish()
        }
        let routes = Routes()
        routes.handleResponse(NoteEndpoints.say) { call, _ in .eventStream(frames, to: call.client) }
        let application = try TestServer(routes: routes, metrics: PrometheusMetrics()).application
        try await application.test(.live) { server in
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: #require(server.port))
            let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(to: address).get()
            let request = "POST /v1/say HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n{\"hard\": true}"
            try await client.writeAndFlush(ByteBuffer(string: request))
            for await _ in begins {}
            try await client.close()
            for await _ in ends {}
            // The server takes others.
            #expect(try await server.execute(uri: "/v1/say", method: .post).status == .unprocessableContent)
        }
    }
}
