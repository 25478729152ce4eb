import Configuration
import HTTPTypes
import HummingbirdTesting
package import JSON
package import LettaAPI
import LettaServer
package import ModelProviders
import NIOCore
package import Storage
import Synchronization
package import Testing
package import ToolRuntime

/// The real routes on a real database, with a model whose answers the test writes.
package final class TurnServer: Sendable {
    /// How a test's server differs from the usual one.
    package struct Options: Sendable {
        /// What answers in the place of the scripted model.
        package var provider: (any ModelProvider)?
        /// Measures silences and deadlines of the server's own.
        package var clock: any Clock<Duration> = ContinuousClock()
        /// What the server takes for the time; nil for the system's.
        package var now: (@Sendable () -> Timestamp)?
        /// Where users' own tools run.
        package var sandbox = ToolSandbox()
        /// Puts something between the server and its database.
        package var wrapStorage: @Sendable (any StorageEngine) -> any StorageEngine = { $0 }
    }

    package let model = ScriptedModel()
    package let database: TestDatabase
    private let options: Options
    private let log = LogLines()
    private let running: Mutex<LettaApplication>

    init(_ database: TestDatabase, _ options: Options) async throws {
        self.database = database
        self.options = options
        running = Mutex(try await Self.open(database, options, model, log))
    }

    private static func open(
        _ database: TestDatabase, _ options: Options, _ model: ScriptedModel, _ log: LogLines
    ) async throws -> LettaApplication {
        var arguments = ServerConfiguration.Arguments()
        arguments.port = 0
        let nothing = ConfigReader(provider: InMemoryProvider(values: [:]))
        let configuration = try ServerConfiguration(arguments: arguments, environment: nothing)
        let storage = options.wrapStorage(try await database.open())
        do {
            _ = try await ServerStorage.migrator.up(storage, keepingCopyIn: nil)
            return try await LettaApplication(
                configuration, storage: storage, encryptionKeys: ["a key for tests"],
                directory: ModelDirectory(providers: [options.provider ?? model]), sandbox: options.sandbox,
                now: options.now, clock: options.clock, logger: log.logger)
        } catch {
            await storage.close()
            throw error
        }
    }

    private var application: LettaApplication { running.withLock { $0 } }

    package var storage: any StorageEngine { application.storage }

    /// Ends the server and starts another one on the same database.
    package func restart() async throws {
        await close()
        let next = try await Self.open(database, options, model, log)
        running.withLock { $0 = next }
    }

    func close() async {
        model.releaseAll()
        await application.close()
    }

    /// Serves on a socket while `body` runs, which gets the address.
    package func serving<T: Sendable>(
        _ body: @escaping @Sendable (_ address: String) async throws -> T
    ) async throws -> T {
        try await application.application().test(.live) { client in
            try await body("http://localhost:\(try #require(client.port))")
        }
    }

    /// What was logged as an error.
    package var errors: [String] { log.all }

    // MARK: Requests

    package func send(
        _ verb: HTTPVerb, _ path: String, _ body: JSONValue? = nil, as caller: TestCaller = .v1
    ) async throws -> Answer {
        var headers = HTTPFields()
        if body != nil { headers[.contentType] = "application/json" }
        for (name, value) in caller.headers {
            guard let name = HTTPField.Name(name) else { continue }
            headers[name] = value
        }
        let method = try #require(HTTPRequest.Method(verb.rawValue))
        let (bytes, fields) = (body.map { JSONWriter.bytes(of: $0) }, headers)
        return try await application.application().test(.router) { client in
            try await client.execute(
                uri: path, method: method, headers: fields, body: bytes.map { ByteBuffer(bytes: $0) }
            ) { Answer(status: $0.status.code, headers: $0.headers, body: Array(buffer: $0.body)) }
        }
    }

    package func get(_ path: String) async throws -> Answer {
        try await send(.get, path)
    }

    /// Creates an agent with a block `human` that holds `Ann`, and returns its id.
    package func newAgent(_ fields: JSONObject = [:]) async throws -> String {
        var body: JSONObject = [
            "name": "Ada", "model": "openai-proxy/gpt-4o-mini",
            "memory_blocks": [["label": "human", "value": "Ann", "limit": 100]],
        ]
        for (key, value) in fields { body[key] = value }
        let answer = try await send(.post, "/v1/agents/", .object(body))
        try #require(answer.status == 200, "\(answer.text)")
        return answer.id
    }

    /// Sends a text to an agent and waits for the end of the turn.
    package func say(_ text: String, to agent: String, _ fields: JSONObject = [:]) async throws -> Answer {
        try await send(.post, "/v1/agents/\(agent)/messages", Self.body(text, fields))
    }

    /// Sends a text to an agent and takes the whole stream.
    package func stream(_ text: String, to agent: String, _ fields: JSONObject = [:]) async throws -> [StreamedEvent] {
        let answer = try await send(.post, "/v1/agents/\(agent)/messages/stream", Self.body(text, fields))
        try #require(answer.status == 200, "\(answer.text)")
        return StreamedEvent.all(in: answer.text)
    }

    /// Takes the whole stream of a background run, which is to wait for its end.
    package func follow(_ run: String, _ fields: JSONObject = [:]) async throws -> [StreamedEvent] {
        let answer = try await send(.post, "/v1/runs/\(run)/stream", .object(fields))
        try #require(answer.status == 200, "\(answer.text)")
        return StreamedEvent.all(in: answer.text)
    }

    /// The entries of an agent's message list, as `type: text`, from the oldest on and without the system message.
    package func said(by agent: String) async throws -> [String] {
        let list = try await get("/v1/agents/\(agent)/messages?limit=1000")
        let entries = try #require(list.json.array, "\(list.text)")
        return entries.compactMap { entry in
            guard let type = entry["message_type"]?.string, type != "system_message" else { return nil }
            return "\(type): \(entry["content"]?.string ?? entry["tool_return"]?.string ?? "")"
        }
    }

    private static func body(_ text: String, _ fields: JSONObject) -> JSONValue {
        var body = fields
        body["input"] = .string(text)
        return .object(body)
    }
}

/// One event of a stream as it came.
package struct StreamedEvent: Sendable {
    /// The `event:` field; nil without one.
    package var name: String?
    package var text: String

    package var json: JSONValue { (try? JSONParser().parse(text)) ?? .null }

    /// The `message_type`, or the text of what is no JSON.
    package var type: String { json["message_type"]?.string ?? text }

    static func all(in stream: String) -> [StreamedEvent] {
        stream.split(separator: "\n\n").map { block in
            var event = StreamedEvent(name: nil, text: "")
            for line in block.split(separator: "\n") {
                if line.hasPrefix("event: ") { event.name = String(line.dropFirst("event: ".count)) }
                if line.hasPrefix("data: ") { event.text += line.dropFirst("data: ".count) }
            }
            return event
        }
    }
}

extension Answer {
    /// Records what is not as expected; `expected` is compared as in a scenario.
    @discardableResult
    package func expect(
        _ status: Int, _ expected: JSONValue = .anything, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Answer {
        var problems = json.differences(from: expected)
        if self.status != status { problems.insert("status \(self.status), expected \(status)", at: 0) }
        if !problems.isEmpty {
            Issue.record(
                "\(problems.joined(separator: "\n"))\n\(text.prefix(600))", sourceLocation: sourceLocation)
        }
        return self
    }
}

/// Gives `body` a server on a new database, which is gone afterwards.
package func withTurns<T: Sendable>(
    on engine: TestEngine, _ change: (inout TurnServer.Options) -> Void = { _ in },
    _ body: (TurnServer) async throws -> T
) async throws -> T {
    var options = TurnServer.Options()
    change(&options)
    return try await TestDatabase.with(engine) { [options] database in
        let server = try await TurnServer(database, options)
        let result: Result<T, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        await server.close()
        return try result.get()
    }
}
