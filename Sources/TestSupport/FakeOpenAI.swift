import HTTPTypes
import Hummingbird
package import JSON
package import ModelProviders
import NIOCore
import Synchronization

/// An HTTP server on the loopback interface that replays scripted responses and records its requests.
package final class FakeOpenAI: Sendable {
    package enum Part: Sendable {
        case bytes(String)
        /// Bytes that are no text.
        case data([UInt8])
        /// Closes the connection in the middle of the response.
        case cut
        /// Sends nothing more until the client disconnects; as the first part, not even a response head.
        case hang
    }

    package struct Reply: Sendable {
        package var status: Int
        package var headers: [String: String]
        package var parts: [Part]

        package init(
            status: Int = 200, headers: [String: String] = ["content-type": "application/json"], parts: [Part]
        ) {
            self.status = status
            self.headers = headers
            self.parts = parts
        }

        package static func json(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> Reply {
            let all = headers.merging(["content-type": "application/json"]) { own, _ in own }
            return Reply(status: status, headers: all, parts: [.bytes(text)])
        }

        package static func events(_ parts: Part...) -> Reply {
            events(parts)
        }

        package static func events(_ parts: [Part]) -> Reply {
            Reply(headers: ["content-type": "text/event-stream"], parts: parts)
        }
    }

    package struct Received: Sendable {
        package var path: String
        package var query: String?
        package var apiKey: String?
        package var authorization: String?
        var headers: HTTPFields
        package var body: JSONValue
    }

    private struct Cut: Error {}

    private struct State {
        var replies: [Reply]
        var models: String?
        /// The bodies of fixed responses, by the ends of their paths.
        var fixed: [String: String] = [:]
        /// Chooses another body for one of them by the request.
        var choose: @Sendable (JSONValue) -> String? = { _ in nil }
        package var received: [Received] = []
        var bytesWritten = 0
    }

    private let state: Mutex<State>
    private let port = Mutex<Int>(0)
    package let transport = ProviderTransport(connectDeadline: .seconds(5))
    /// One element for each response that begins to hang.
    package let silences: AsyncStream<Void>
    private let silent: AsyncStream<Void>.Continuation
    /// One element for each hanging response whose client has disconnected.
    package let departures: AsyncStream<Void>
    private let departed: AsyncStream<Void>.Continuation
    /// One element for each recorded request.
    package let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation

    private init(_ replies: [Reply]) {
        state = Mutex(State(replies: replies))
        (silences, silent) = AsyncStream.makeStream()
        (departures, departed) = AsyncStream.makeStream()
        (arrivals, arrived) = AsyncStream.makeStream()
    }

    /// Runs the server for the time of `body`. The last reply is repeated.
    ///
    /// - Parameter models: the response of `GET /models`, independent of the replies.
    package static func serving<Value: Sendable>(
        _ replies: Reply..., models: String? = nil, body: (FakeOpenAI) async throws -> Value
    ) async throws -> Value {
        let fake = FakeOpenAI(replies)
        fake.state.withLock { $0.models = models }
        return try await servingFake { request in
            try await fake.respond(to: request)
        } body: { port in
            fake.port.withLock { $0 = port }
            let result: Result<Value, any Error>
            do { result = .success(try await body(fake)) } catch { result = .failure(error) }
            try await fake.transport.shutdown()
            return try result.get()
        }
    }

    package var received: [Received] { state.withLock { $0.received } }
    package var bytesWritten: Int { state.withLock { $0.bytesWritten } }
    package var baseURL: String { "http://127.0.0.1:\(port.withLock { $0 })/v1" }

    /// Sets what the next requests are answered with; the last reply is repeated.
    package func play(_ replies: Reply...) {
        state.withLock { $0.replies = replies }
    }

    /// Sets fixed responses to requests whose paths end so; they are not recorded.
    ///
    /// - Parameter choose: the body of such a response by the request's, where it is another one.
    package func answer(
        _ fixed: [String: String], choosing choose: @escaping @Sendable (JSONValue) -> String? = { _ in nil }
    ) {
        state.withLock { state in
            state.fixed = fixed
            state.choose = choose
        }
    }

    /// A client of the server in any wire format.
    package func client(
        _ kind: ProviderKind, service: String? = nil, key: String? = "sk-test-key", address: String? = nil,
        maximumRetries: Int = 2, apiVersion: String? = nil, clock: any Clock<Duration> = ContinuousClock()
    ) -> any ModelProvider {
        let name = service ?? (kind == .responses ? "openai" : kind.rawValue)
        var settings = ProviderSettings(
            name: name, kind: kind, service: service, baseURL: address ?? baseURL, apiKey: key.map { Secret($0) })
        settings.apiVersion = apiVersion
        return settings.client(
            transport: transport,
            retries: RetryPolicy(maximumRetries: maximumRetries, firstDelay: .milliseconds(1)), clock: clock)
    }

    package func provider(
        key: String? = "sk-test-key", maximumRetries: Int = 2, deadlines: ProviderDeadlines = ProviderDeadlines(),
        clock: any Clock<Duration> = ContinuousClock()
    ) -> OpenAIProvider {
        OpenAIProvider(
            settings: ProviderSettings(name: "openai", baseURL: baseURL, apiKey: key.map { Secret($0) }),
            transport: transport, deadlines: deadlines,
            retries: RetryPolicy(maximumRetries: maximumRetries, firstDelay: .milliseconds(1)),
            clock: clock)
    }

    package func anthropic(key: String? = "sk-test-key", maximumRetries: Int = 2) -> AnthropicProvider {
        AnthropicProvider(
            settings: ProviderSettings(
                name: "anthropic", kind: .anthropic, baseURL: baseURL, apiKey: key.map { Secret($0) }),
            transport: transport, retries: RetryPolicy(maximumRetries: maximumRetries, firstDelay: .milliseconds(1)))
    }

    private func respond(to request: Request) async throws -> Response {
        var request = request
        let bytes = try await request.collectBody(upTo: 64 * 1_024 * 1_024)
        let body = try bytes.readableBytes == 0 ? .null : JSONParser().parse(Array(bytes.readableBytesView))
        if let models = state.withLock({ $0.models }), request.uri.path.hasSuffix("/models") {
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: models)))
        }
        let fixed = state.withLock { state in
            state.fixed.first { request.uri.path.hasSuffix($0.key) }.map { state.choose(body) ?? $0.value }
        }
        if let fixed { return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: fixed))) }
        let received = Received(
            path: request.uri.path, query: request.uri.query,
            apiKey: HTTPField.Name("x-api-key").flatMap { request.headers[$0] },
            authorization: request.headers[.authorization], headers: request.headers, body: body)
        let reply = state.withLock { state in
            state.received.append(received)
            return state.replies.count > 1 ? state.replies.removeFirst() : state.replies[0]
        }
        arrived.yield()
        if case .hang? = reply.parts.first {
            await hang(request)
            throw Cut()
        }
        var headers = HTTPFields()
        for (name, value) in reply.headers {
            if let field = HTTPField.Name(name) { headers[field] = value }
        }
        let original = request
        return Response(
            status: .init(code: reply.status), headers: headers,
            body: ResponseBody { writer in
                for part in reply.parts {
                    switch part {
                    case .bytes(let text):
                        try await writer.write(ByteBuffer(string: text))
                        self.state.withLock { $0.bytesWritten += text.utf8.count }
                    case .data(let bytes):
                        try await writer.write(ByteBuffer(bytes: bytes))
                    case .cut:
                        throw Cut()
                    case .hang:
                        await self.hang(original)
                        throw Cut()
                    }
                }
                try await writer.finish(nil)
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

extension FakeOpenAI.Received {
    /// The value of a header of the request.
    package func header(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { headers[$0] }
    }
}
