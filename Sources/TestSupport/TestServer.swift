import Configuration
import HTTPTypes
import HummingbirdTesting
package import JSON
package import LettaAPI
package import LettaServer
import Logging
package import ModelProviders
import NIOCore
package import Storage
import Synchronization
import Testing
package import ToolRuntime

/// The real routes over a real database in this process, with a model whose answers the test writes.
package final class TestServer: Sendable {
    package struct Options: Sendable {
        package var password: String?
        /// Environment variables of the server.
        package var environment: [String: String] = [:]
        package var encryptionKeys = TestServer.encryptionKeys
        /// The model provider; nil for ``TestServer/model``.
        package var provider: (any ModelProvider)?
        /// Runs users' own tools.
        package var sandbox = ToolSandbox()
        /// Measures the server's own timeouts.
        package var clock: any Clock<Duration> = ContinuousClock()
        /// The time of day; nil for the system's.
        package var now: (@Sendable () -> Timestamp)?
        /// What SQLite writes and syncs with; nil for the system's own.
        package var fileSystem: FaultyFileSystem?
        /// Puts a wrapper around the database, to observe calls or to make them fail.
        package var wrapStorage: @Sendable (any StorageEngine) -> any StorageEngine = { $0 }

        package init() {}
    }

    /// An application and the way to send it a request without a socket.
    private struct Running: Sendable {
        let application: LettaApplication
        let respond: @Sendable (Outgoing) async throws -> Answer
    }

    private struct Outgoing: Sendable {
        var method: HTTPRequest.Method
        var uri: String
        var headers: HTTPFields
        var body: ByteBuffer?
    }

    package static let encryptionKeys = ["a key for tests"]

    /// What a database looks like after a server's first start.
    static let template = DatabaseTemplate { database in
        await (try TestServer(database)).close()
    }

    package let model = ScriptedModel()
    package let database: TestDatabase
    private let options: Options
    private let log = LogLines()
    private let running: Mutex<Running>
    private let ids = Mutex<[String: String]>([:])
    /// The user of requests that name none; nil for the default user.
    private let user = Mutex<String?>(nil)

    /// Migrates the database if it needs to be, and starts a server on it.
    package init(_ database: TestDatabase, _ options: Options = Options()) async throws {
        self.database = database
        self.options = options
        running = Mutex(try await Self.start(database, options, model, log.logger))
    }

    private static func start(
        _ database: TestDatabase, _ options: Options, _ model: ScriptedModel, _ logger: Logger
    ) async throws -> Running {
        var arguments = ServerConfiguration.Arguments()
        arguments.password = options.password
        arguments.port = 0
        let environment = ConfigReader(
            provider: EnvironmentVariablesProvider(environmentVariables: options.environment))
        let configuration = try ServerConfiguration(arguments: arguments, environment: environment)
        let storage = options.wrapStorage(try await database.open(on: options.fileSystem))
        do {
            _ = try await ServerStorage.migrator.up(storage, keepingCopyIn: nil)
            let letta = try await LettaApplication(
                configuration, storage: storage, encryptionKeys: options.encryptionKeys,
                directory: ModelDirectory(providers: [options.provider ?? model]), sandbox: options.sandbox,
                now: options.now, clock: options.clock, logger: logger)
            let application = letta.application()
            return Running(application: letta) { request in
                try await application.test(.router) { client in
                    try await client.execute(
                        uri: request.uri, method: request.method, headers: request.headers, body: request.body
                    ) { answer in
                        CallNotes.note(request.method.rawValue, request.uri, answer.status.code)
                        return Answer(
                            status: answer.status.code, headers: answer.headers, body: Array(buffer: answer.body))
                    }
                }
            }
        } catch {
            await storage.close()
            throw error
        }
    }

    /// The database as the server uses it.
    package var storage: any StorageEngine { application.storage }

    /// Who hears of changes.
    package var changes: ChangeFeed { application.changes }

    /// The operations that are served or listed.
    package var operationsOfRoutes: Set<String> { application.operations }

    private var application: LettaApplication { running.withLock { $0.application } }

    /// Stops the server and starts another one on the same database.
    package func restart() async throws {
        await close()
        let next = try await Self.start(database, options, model, log.logger)
        running.withLock { $0 = next }
    }

    /// Stops the server, and starts another one on the same database after `body`.
    package func whileStopped(_ body: () async throws -> Void) async throws {
        await close()
        try await body()
        let next = try await Self.start(database, options, model, log.logger)
        running.withLock { $0 = next }
    }

    package func close() async {
        model.releaseAll()
        await application.close()
    }

    /// The id that a scenario stored under this name.
    package subscript(_ name: String) -> String {
        get { ids.withLock { $0[name] ?? "" } }
        set { ids.withLock { $0[name] = newValue } }
    }

    /// The ids that scenarios stored, by their names.
    package var kept: [String: String] { ids.withLock { $0 } }

    /// Sends the requests of `body` that name no user in the name of this one.
    package func acting<T>(as user: String?, _ body: () async throws -> T) async throws -> T {
        self.user.withLock { $0 = user }
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        self.user.withLock { $0 = nil }
        return try result.get()
    }

    /// What the server logged as errors.
    package var errors: [String] { log.all }

    /// Serves on a socket while `body` runs, which gets the address, such as `http://localhost:1234`.
    package func serving<T: Sendable>(
        _ body: @escaping @Sendable (_ address: String) async throws -> T
    ) async throws -> T {
        try await application.application().test(.live) { client in
            try await body("http://localhost:\(try #require(client.port))")
        }
    }
}

// MARK: Requests

extension TestServer {
    /// Sends one request past the socket through everything else. `{name}` in the path, a header and the body stands for
    /// the id under that name.
    package func send(
        _ verb: HTTPVerb, _ path: String, _ body: JSONValue? = nil, as caller: TestCaller = .v1
    ) async throws -> Answer {
        try await send(verb, path, bytes: body.map { JSONWriter.bytes(of: filled($0)) }, as: caller)
    }

    /// Sends a body that need not be JSON.
    package func send(
        _ verb: HTTPVerb, _ path: String, bytes: [UInt8]?, as caller: TestCaller = .v1
    ) async throws -> Answer {
        var headers = HTTPFields()
        if bytes != nil { headers[.contentType] = "application/json" }
        for (name, value) in caller.headers {
            guard let name = HTTPField.Name(name) else { continue }
            headers[name] = filled(value)
        }
        if let user = user.withLock({ $0 }), let name = HTTPField.Name("user_id"), headers[name] == nil {
            headers[name] = user
        }
        let request = Outgoing(
            method: try #require(HTTPRequest.Method(verb.rawValue)), uri: filled(path), headers: headers,
            body: bytes.map { ByteBuffer(bytes: $0) })
        return try await running.withLock { $0.respond }(request)
    }

    /// Asks as browsers do before they send a request of a page.
    package func preflight(_ path: String, as caller: TestCaller) async throws -> Answer {
        var headers = HTTPFields()
        for (name, value) in caller.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return try await running.withLock { $0.respond }(
            Outgoing(method: .options, uri: filled(path), headers: headers, body: nil))
    }

    package func get(_ path: String, as caller: TestCaller = .v1) async throws -> Answer {
        try await send(.get, path, as: caller)
    }

    /// Sends the rows one after the other and records every difference from what they expect.
    package func run(_ rows: [Scenario]) async throws {
        for row in rows { try await run(row) }
    }

    @discardableResult
    package func run(_ row: Scenario) async throws -> Answer {
        let answer = try await send(row.verb, row.path, row.body, as: row.caller)
        var problems: [String] = []
        if answer.status != row.status { problems.append("status \(answer.status), expected \(row.status)") }
        problems += answer.json.differences(from: filled(row.expected))
        if let field = row.field, !answer.names(field) { problems.append("no complaint about \(field)") }
        if let name = row.name { self[name] = answer.id }
        if !problems.isEmpty {
            let cause = answer.status >= 500 ? "\n" + errors.suffix(3).joined(separator: "\n") : ""
            Issue.record(
                """
                \(row.verb.rawValue) \(filled(row.path)) \(row.note)
                \(problems.joined(separator: "\n"))
                \(answer.text.prefix(600))\(cause)
                """,
                sourceLocation: row.place)
        }
        return answer
    }

    private func filled(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        return ids.withLock { $0 }.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    private func filled(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): return .string(filled(text))
        case .array(let array): return .array(array.map { filled($0) })
        case .object(let object):
            var copy = JSONObject()
            for (key, value) in object { copy[filled(key)] = filled(value) }
            return .object(copy)
        default: return value
        }
    }
}

/// Passes `body` a server on a new database, and removes both afterwards.
package func withServer<T: Sendable>(
    on engine: TestEngine, _ change: (inout TestServer.Options) -> Void = { _ in },
    _ body: (TestServer) async throws -> T
) async throws -> T {
    var options = TestServer.Options()
    change(&options)
    // The template is sealed with the usual key.
    let template = options.encryptionKeys == TestServer.encryptionKeys ? TestServer.template : nil
    return try await TestDatabase.with(engine, copying: template) { [options] database in
        let server = try await TestServer(database, options)
        let result: Result<T, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        await server.close()
        return try result.get()
    }
}

/// Runs rows against a server on a new database.
package func scenarios(on engine: TestEngine, _ rows: [Scenario]) async throws {
    try await withServer(on: engine) { try await $0.run(rows) }
}
