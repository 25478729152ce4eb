import HTTPTypes
import Hummingbird
import JSON
import Logging
import NIOCore
import Synchronization

@testable import LettaClient

/// A server on the loopback interface that plays back replies, good and bad, and writes down what it was asked.
final class FaultServer: Sendable {
    enum Ending: Sendable {
        case whole
        /// Closes the connection in the middle of the body.
        case cut
        /// Says nothing more, until the client goes away.
        case hang
    }

    struct Reply: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body = ""
        var ending = Ending.whole

        static func json(_ body: String) -> Reply { Reply(body: body) }

        static func refusal(_ status: Int, retryAfter: String? = nil) -> Reply {
            Reply(
                status: status, headers: retryAfter.map { ["Retry-After": $0] } ?? [:],
                body: #"{"detail": "no \#(status)"}"#)
        }

        static let cut = Reply(body: #"{"sta"#, ending: .cut)
        static let hang = Reply(body: #"{"sta"#, ending: .hang)
    }

    struct Received: Sendable {
        var verb: String
        var target: String
        var headers: HTTPFields
        var body: JSONValue?
    }

    private struct Cut: Error {}

    private let state: Mutex<(replies: [Reply], received: [Received])>
    /// The waits before retries, none of which took place.
    private let waits = Mutex<[Duration]>([])
    /// One element for each reply that begins to hang.
    let silences: AsyncStream<Void>
    private let silent: AsyncStream<Void>.Continuation
    /// One element for each hanging reply whose client went away.
    let departures: AsyncStream<Void>
    private let departed: AsyncStream<Void>.Continuation

    private init(_ replies: [Reply]) {
        state = Mutex((replies, []))
        (silences, silent) = AsyncStream.makeStream()
        (departures, departed) = AsyncStream.makeStream()
    }

    var received: [Received] { state.withLock { $0.received } }
    var pauses: [Duration] { waits.withLock { $0 } }

    /// Runs a server and a client of it for the time of `body`. The last reply is repeated.
    static func serving<Value: Sendable>(
        _ replies: Reply..., token: String? = nil, settings: ClientSettings = .init(),
        body: (FaultServer, LettaClient) async throws -> Value
    ) async throws -> Value {
        try await serving(replies, token: token, settings: settings, body: body)
    }

    static func serving<Value: Sendable>(
        _ replies: [Reply], token: String? = nil, settings: ClientSettings = .init(),
        body: (FaultServer, LettaClient) async throws -> Value
    ) async throws -> Value {
        let server = FaultServer(replies)
        let (ports, running) = AsyncStream<Int>.makeStream()
        var logger = Logger(label: "faults")
        logger.logLevel = .critical
        let responder = CallbackResponder<BasicRequestContext> { request, _ in try await server.respond(to: request) }
        let application = Application(
            responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { running.yield($0.localAddress?.port ?? 0) }, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            var ready = ports.makeAsyncIterator()
            let port = await ready.next() ?? 0
            let client = LettaClient(baseURL: "http://127.0.0.1:\(port)", token: token, settings: settings) { wait in
                server.waits.withLock { $0.append(wait) }
            }
            let result: Result<Value, any Error>
            do { result = .success(try await body(server, client)) } catch { result = .failure(error) }
            try await client.shutdown()
            group.cancelAll()
            while let ended = await group.nextResult() { _ = ended }
            return try result.get()
        }
    }

    private func respond(to request: Request) async throws -> Response {
        var request = request
        let bytes = try await request.collectBody(upTo: 1 << 20)
        let body = try bytes.readableBytes == 0 ? nil : JSONParser().parse(Array(buffer: bytes))
        let received = Received(
            verb: request.method.rawValue, target: request.head.path ?? "", headers: request.headers, body: body)
        let reply = state.withLock { state in
            state.received.append(received)
            return state.replies.count > 1 ? state.replies.removeFirst() : state.replies[0]
        }
        var headers = HTTPFields()
        for (name, value) in reply.headers {
            if let field = HTTPField.Name(name) { headers[field] = value }
        }
        let original = request
        return Response(
            status: .init(code: reply.status), headers: headers,
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: reply.body))
                switch reply.ending {
                case .whole: try await writer.finish(nil)
                case .cut: throw Cut()
                case .hang:
                    await self.hang(original)
                    throw Cut()
                }
            })
    }

    private func hang(_ request: Request) async {
        silent.yield()
        let (silence, never) = AsyncStream<Never>.makeStream()
        // The error is the news that the client left, which is what is waited for.
        try? await request.body.consumeWithCancellationOnInboundClose { _ in
            for await _ in silence {}
        }
        never.finish()
        departed.yield()
    }
}
