public import JSON
public import LettaAPI

/// Calls a Letta server.
///
/// ```swift
/// try await LettaClient.withClient(baseURL: "http://localhost:8283", token: password) { client in
///     var new = CreateAgent()
///     new.name = "Ada"
///     new.memoryBlocks = [CreateBlock(label: "human", value: "Likes engines.")]
///     let agent = try await client.call(API.Agents.create, body: new)
///     let answer = try await client.send(SendMessages("Hello"), to: agent.id)
///     for try await block in client.list(API.CoreMemory.listBlocks, path: agent.id, query: .init()) {
///         print(block.label ?? "-", block.value)
///     }
/// }
/// ```
///
/// A client is a value that can be shared between tasks; copies share their connections. Calls throw
/// ``LettaClientError``, or `CancellationError` when their task is cancelled. The server takes this client for one
/// of the older generation: an agent comes with its blocks, tools, tags and secrets unless the query's
/// `includeRelationships` names fewer; the query's `include` has no effect.
public struct LettaClient: Sendable {
    /// The version that calls announce in `User-Agent`.
    public static let version = "0.1.0"

    let exchange: HTTPExchange

    /// Makes a client that has to be ended with ``shutdown()``.
    ///
    /// - Parameters:
    ///   - baseURL: where the server is, without `/v1`; a path before that is kept.
    ///   - token: the server's password; nil where it has none.
    public init(
        baseURL: String = "http://localhost:8283", token: String? = nil, settings: ClientSettings = .init()
    ) {
        self.init(baseURL: baseURL, token: token, settings: settings) { try await ContinuousClock().sleep(for: $0) }
    }

    /// - Parameter pause: waits before a retry.
    init(
        baseURL: String, token: String?, settings: ClientSettings,
        pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        exchange = HTTPExchange(baseURL: baseURL, token: token, settings: settings, pause: pause)
    }

    /// Closes the connections; calls under way fail, and so do later ones.
    public func shutdown() async throws {
        try await exchange.shutdown()
    }

    /// Runs `body` with a client that is shut down afterwards, however `body` ends.
    public static func withClient<Value>(
        baseURL: String = "http://localhost:8283", token: String? = nil, settings: ClientSettings = .init(),
        _ body: (LettaClient) async throws -> Value
    ) async throws -> Value {
        let client = LettaClient(baseURL: baseURL, token: token, settings: settings)
        do {
            let value = try await body(client)
            try await client.shutdown()
            return value
        } catch {
            // What went wrong in `body` is what the caller has to know.
            try? await client.shutdown()
            throw error
        }
    }
}

extension LettaClient {
    /// Calls any operation of ``LettaAPI/API``.
    ///
    /// In a body, optional fields without a value are left out; `Patch.clear` is sent as `null`.
    public func call<Path, Query, Body, Output>(
        _ endpoint: Endpoint<Path, Query, Body, Output>, path: Path, query: Query, body: Body
    ) async throws -> Output {
        let answer = try await exchange.send(try outgoing(endpoint, path: path, query: query, body: body))
        return try answer.decode(Output.self)
    }

    func outgoing<Path, Query, Body, Output>(
        _ endpoint: Endpoint<Path, Query, Body, Output>, path: Path, query: Query, body: Body
    ) throws -> OutgoingCall {
        let target = try RequestTarget.text(of: endpoint, path, query)
        let encoding = JSONEncoding(omitsNil: true)
        let bytes = Body.self == NoBody.self ? nil : try RequestTarget.encode { try encoding.encodeBytes(body) }
        return OutgoingCall(verb: endpoint.verb, target: target, body: bytes)
    }

    public func call<Output>(_ endpoint: Endpoint<NoPath, NoQuery, NoBody, Output>) async throws -> Output {
        try await call(endpoint, path: NoPath(), query: NoQuery(), body: NoBody())
    }

    public func call<Path, Output>(
        _ endpoint: Endpoint<Path, NoQuery, NoBody, Output>, path: Path
    ) async throws -> Output {
        try await call(endpoint, path: path, query: NoQuery(), body: NoBody())
    }

    public func call<Query, Output>(
        _ endpoint: Endpoint<NoPath, Query, NoBody, Output>, query: Query
    ) async throws -> Output {
        try await call(endpoint, path: NoPath(), query: query, body: NoBody())
    }

    public func call<Body, Output>(
        _ endpoint: Endpoint<NoPath, NoQuery, Body, Output>, body: Body
    ) async throws -> Output {
        try await call(endpoint, path: NoPath(), query: NoQuery(), body: body)
    }

    public func call<Path, Query, Output>(
        _ endpoint: Endpoint<Path, Query, NoBody, Output>, path: Path, query: Query
    ) async throws -> Output {
        try await call(endpoint, path: path, query: query, body: NoBody())
    }

    public func call<Path, Body, Output>(
        _ endpoint: Endpoint<Path, NoQuery, Body, Output>, path: Path, body: Body
    ) async throws -> Output {
        try await call(endpoint, path: path, query: NoQuery(), body: body)
    }
}

extension LettaClient {
    /// A list whose pages are fetched while it is walked.
    public func list<Path, Query: PageQuery, Element: ListElement>(
        _ endpoint: Endpoint<Path, Query, NoBody, [Element]>, path: Path, query: Query
    ) -> PagedList<Element> {
        PagedList(query) { try await call(endpoint, path: path, query: $0) }
    }

    public func list<Query: PageQuery, Element: ListElement>(
        _ endpoint: Endpoint<NoPath, Query, NoBody, [Element]>, query: Query
    ) -> PagedList<Element> {
        list(endpoint, path: NoPath(), query: query)
    }

    /// Sends messages and waits for the end of the agent's turn, which takes as long as its model does: the client's
    /// `callTimeout` has to allow it. The turn goes on when the client gives up.
    public func send(_ messages: SendMessages, to agent: ID<AgentState>) async throws -> LettaResponse {
        try await call(API.Messages.send, path: agent, body: messages)
    }

    /// Sends messages and delivers the events of the agent's turn as they happen.
    public func stream(_ messages: SendMessages, to agent: ID<AgentState>) -> MessageStream {
        MessageStream(exchange: exchange) {
            try outgoing(API.Messages.stream, path: agent, query: NoQuery(), body: messages)
        }
    }
}
