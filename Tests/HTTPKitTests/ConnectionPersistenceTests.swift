import Hummingbird
import HummingbirdTesting
import JSON
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import HTTPKit

/// The last response of a connection says so, over real connections.
@Suite(.timeLimit(.minutes(5))) struct ConnectionPersistenceTests {
    private static let requests: [(line: String, headers: String, body: String, status: Int)] = [
        ("GET /v1/whoami", "", "", 200), ("HEAD /v1/whoami", "", "", 200), ("DELETE /v1/trash", "", "", 204),
        ("GET /stream", "", "", 200), ("POST /v1/say", "", #"{"hard": true}"#, 200), ("GET /v1/zzz", "", "", 404),
        ("PUT /v1/notes/", "", "", 405), ("OPTIONS /v1/notes/", "", "", 204), ("POST /v1/notes/", "", "{}", 422),
        ("POST /v1/notes/", "Content-Type: text/plain\r\n", "text", 422),
        ("POST /v1/notes/", "", #"{"label": "longer than the limit of this server"}"#, 413),
        ("GET /v1/fail/surprise", "", "", 500), ("POST /v1/voice/x/chat", "", "", 501), ("GET /", "", "", 307),
    ]

    private static func text(
        _ request: (line: String, headers: String, body: String, status: Int), version: String = "1.1",
        _ headers: String = ""
    ) -> String {
        "\(request.line) HTTP/\(version)\r\nHost: localhost\r\n\(request.headers)\(headers)"
            + "Content-Length: \(request.body.utf8.count)\r\n\r\n\(request.body)"
    }

    /// The lower-case header lines of each response in `text`, the status line first.
    private static func heads(_ text: String) -> [[Substring]] {
        text.split(separator: "HTTP/1.1 ").map { response in
            let head = response.prefix(upTo: response.firstRange(of: "\r\n\r\n")?.lowerBound ?? response.endIndex)
            return head.lowercased().split(separator: "\r\n")
        }
    }

    @Test(arguments: [
        ("1.1", "Connection: close\r\n"), ("1.1", "Connection: Close\r\n"), ("1.1", "Connection: TE, close\r\n"),
        ("1.0", ""), ("1.0", "Connection: close\r\n"),
    ])
    func `a response after which the server closes says so`(_ version: String, _ header: String) async throws {
        let server = try TestServer { $0.bodyLimit = 20 }
        try await server.application.test(.live) { client in
            let port = try #require(client.port)
            for request in Self.requests {
                try await RawConnection.with(port: port) { connection in
                    try await connection.send(Self.text(request, version: version, header))
                    let head = try await connection.read { $0.contains("\r\n\r\n") }
                    let lines = try #require(Self.heads(head.text).first)
                    #expect(lines.first?.hasPrefix("\(request.status) ") == true, "\(request.line): \(lines)")
                    try #require(
                        lines.filter { $0.hasPrefix("connection:") } == ["connection: close"], "\(request.line)")
                    #expect(head.isClosed ? true : try await connection.read().isClosed)
                }
            }
        }
    }

    @Test func `a persistent connection has no such header before its last response`() async throws {
        let server = try TestServer { $0.bodyLimit = 20 }
        try await server.application.test(.live) { client in
            let port = try #require(client.port)
            try await RawConnection.with(port: port) { connection in
                // Pipelined, so that the header has to find its response.
                let last = Self.text(Self.requests[0], "Connection: close\r\n")
                try await connection.send(Self.requests.map { Self.text($0) }.joined() + last)
                let heads = Self.heads(try await connection.read().text)
                #expect(heads.map { $0[0].prefix(3) } == Self.requests.map { "\($0.status)" } + ["200"])
                #expect(heads.dropLast().allSatisfy { !$0.contains { $0.hasPrefix("connection:") } })
                #expect(heads.last?.contains("connection: close") == true)
            }
        }
    }

    @Test func `an HTTP 1.0 client that asks for it keeps its connection`() async throws {
        try await TestServer().application.test(.live) { client in
            let port = try #require(client.port)
            try await RawConnection.with(port: port) { connection in
                for _ in 0..<2 {
                    try await connection.send(Self.text(Self.requests[0], version: "1.0", "Connection: Keep-Alive\r\n"))
                    let response = try await connection.read { $0.hasSuffix("}") }
                    #expect(!response.isClosed)
                    #expect(Self.heads(response.text)[0].contains("connection: keep-alive"))
                }
            }
        }
    }

    @Test func `during a graceful shutdown the last response of a connection says so`() async throws {
        let (starts, start) = AsyncStream<Void>.makeStream()
        let (shutdowns, shutdown) = AsyncStream<Void>.makeStream()
        let (ports, port) = AsyncStream<Int>.makeStream()
        let routes = Routes()
        routes.handle(NoteEndpoints.whoami) { _ in
            start.finish()
            for await _ in shutdowns {}
            return Echo("done")
        }
        let metrics = PrometheusMetrics()
        let stack = try HTTPStack(routes: routes, settings: HTTPSettings(), metrics: HTTPMetrics(factory: metrics))
        var connections = HTTPStack.connections
        let handlers = connections.additionalChannelHandlers
        connections.additionalChannelHandlers = { handlers() + [ShutdownProbe(shutdown)] }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let application = Application(
            responder: stack.responder, server: .http1(configuration: connections),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(services: [application], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await RawConnection.with(port: port) { connection in
                try await connection.send(Self.text(Self.requests[0]))
                for await _ in starts {}
                await group.triggerGracefulShutdown()
                let response = try await connection.read()
                let head = try #require(Self.heads(response.text).first)
                #expect(head.first == "200 ok")
                #expect(head.contains("connection: close"))
            }
            try await tasks.waitForAll()
        }
    }

    /// Tells that the connection's handlers know of the shutdown.
    private final class ShutdownProbe: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = NIOAny
        private let shutdown: AsyncStream<Void>.Continuation

        init(_ shutdown: AsyncStream<Void>.Continuation) {
            self.shutdown = shutdown
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is ChannelShouldQuiesceEvent { shutdown.finish() }
            context.fireUserInboundEventTriggered(event)
        }
    }
}
