import Configuration
import HTTPTypes
import HummingbirdTesting
package import JSON
package import LettaAPI
import LettaServer
import Logging
import ModelProviders
import NIOCore
package import Storage
import Synchronization
import Testing
package import ToolRuntime

/// The real routes on a real database, in this process, with ``ScriptedModels`` for models.
package final class TestServer: Sendable {
    /// How a test's server differs from the usual one.
    package struct Options: Sendable {
        package var password: String?
        package var encryptionKeys = ["a key for tests"]
        /// What answers in the place of a model.
        package var models = ScriptedModels()
        /// Where users' own tools run.
        package var sandbox = ToolSandbox()
        /// What the server takes for the time; nil for the system's.
        package var now: (@Sendable () -> Timestamp)?
        /// Stands between the server and its database, such as to watch or to disturb it.
        package var wrapStorage: @Sendable (any StorageEngine) -> any StorageEngine = { $0 }

        package init() {}
    }

    package let database: TestDatabase
    private let options: Options
    private let log = LogLines()
    private let running: Mutex<LettaApplication>
    private let kept = Mutex<[String: String]>([:])

    package init(_ database: TestDatabase, _ options: Options = Options()) async throws {
        self.database = database
        self.options = options
        running = Mutex(try await Self.open(database, options, log.logger))
    }

    private static func open(
        _ database: TestDatabase, _ options: Options, _ logger: Logger
    ) async throws -> LettaApplication {
        var arguments = ServerConfiguration.Arguments()
        arguments.password = options.password
        arguments.port = 0
        let nothing = ConfigReader(provider: InMemoryProvider(values: [:]))
        let configuration = try ServerConfiguration(arguments: arguments, environment: nothing)
        let storage = try await database.open()
        do {
            _ = try await ServerStorage.migrator.up(storage, keepingCopyIn: nil)
            return try await LettaApplication(
                configuration, storage: options.wrapStorage(storage), encryptionKeys: options.encryptionKeys,
                directory: ModelDirectory(providers: [options.models]), sandbox: options.sandbox, now: options.now,
                logger: logger)
        } catch {
            await storage.close()
            throw error
        }
    }

    /// The database the server works with.
    package var storage: any StorageEngine { application.storage }

    private var application: LettaApplication { running.withLock { $0 } }

    /// Ends the server and starts another one on the same database.
    package func restart() async throws {
        await application.close()
        let next = try await Self.open(database, options, log.logger)
        running.withLock { $0 = next }
    }

    package func close() async {
        await application.close()
    }

    /// An id that a row kept.
    package subscript(_ name: String) -> String {
        get { kept.withLock { $0[name] ?? "" } }
        set { kept.withLock { $0[name] = newValue } }
    }

    /// What was logged as an error.
    package var errors: [String] { log.all }
}

// MARK: Requests

extension TestServer {
    /// Sends one request through everything but a socket.
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
        let method = try #require(HTTPRequest.Method(verb.rawValue))
        let (uri, fields) = (filled(path), headers)
        return try await application.application().test(.router) { client in
            try await client.execute(
                uri: uri, method: method, headers: fields, body: bytes.map { ByteBuffer(bytes: $0) }
            ) { Answer(status: $0.status.code, headers: $0.headers, body: Array(buffer: $0.body)) }
        }
    }

    package func get(_ path: String, as caller: TestCaller = .v1) async throws -> Answer {
        try await send(.get, path, as: caller)
    }

    /// Sends the rows one after the other and records what is not as expected.
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

    /// Serves on a socket while `body` runs, which gets the address, such as `http://localhost:1234`.
    package func serving<T: Sendable>(
        _ body: @escaping @Sendable (_ address: String) async throws -> T
    ) async throws -> T {
        try await application.application().test(.live) { client in
            try await body("http://localhost:\(try #require(client.port))")
        }
    }

    private func filled(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        return kept.withLock { $0 }.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
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

extension Answer {
    /// Whether this is a 422 that complains about `field` of the body, the query or the path.
    package func names(_ field: String) -> Bool {
        guard status == 422, let detail = json["detail"]?.string else { return false }
        return ["body", "query", "path"].contains { part in
            let location = ([part] + field.split(separator: ".").map(String.init)).map { name in
                Int(name).map { "\($0)" } ?? "'\(name)'"
            }
            return detail.contains("'loc': (\(location.joined(separator: ", "))")
        }
    }
}

/// Gives `body` a server on a new database, which is gone afterwards.
package func withServer<T: Sendable>(
    on engine: TestEngine, _ change: (inout TestServer.Options) -> Void = { _ in },
    _ body: (TestServer) async throws -> T
) async throws -> T {
    var options = TestServer.Options()
    change(&options)
    return try await TestDatabase.with(engine) { [options] database in
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
