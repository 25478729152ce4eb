import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import LettaAPI
import Logging
import NIOCore
import Synchronization

@testable import HTTPKit

let noteID = "note-123e4567-e89b-42d3-8456-426614174000"

/// The note API behind the whole stack, with what it wrote to its log and metrics.
struct TestServer: Sendable {
    let metrics: PrometheusMetrics
    let log = LogLines()
    let application: Application<CallbackResponder<ServerContext>>

    init(_ change: (inout HTTPSettings) -> Void = { _ in }) throws {
        let routes = Routes()
        NoteRoutes().register(on: routes)
        try self.init(routes: routes, metrics: PrometheusMetrics(), change)
    }

    init(
        routes: Routes, metrics: PrometheusMetrics, _ change: (inout HTTPSettings) -> Void = { _ in }
    ) throws {
        self.metrics = metrics
        var settings = HTTPSettings()
        settings.translate = { $0 is StorageDown ? APIError.unavailable("Storage is away.") : nil }
        change(&settings)
        let stack = try HTTPStack(routes: routes, settings: settings, metrics: HTTPMetrics(factory: metrics))
        let lines = log
        var logger = Logger(label: "test") { _ in lines.handler }
        logger.logLevel = .debug
        application = Application(
            responder: stack.responder, server: .http1(configuration: HTTPStack.connections),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: logger)
    }

    /// Sends one request through the stack, without a socket.
    func send(
        _ method: HTTPRequest.Method, _ uri: String, _ body: String? = nil, headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await application.test(.router) { client in
            try await client.execute(uri: uri, method: method, headers: headers, body: body.map(ByteBuffer.init)) {
                Answer(status: $0.status.code, headers: $0.headers, body: String(buffer: $0.body))
            }
        }
    }

    func get(_ uri: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await send(.get, uri, headers: headers)
    }
}

struct Answer: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: String

    var json: JSONValue? {
        // What is no JSON has none.
        try? JSONParser().parse(body)
    }

    /// The text under `detail`.
    var detail: String? { json?["detail"]?.string }
}

/// Keeps log lines as `level message key=value …`, keys sorted.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    var handler: any LogHandler { Handler(lines: self) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]

        init(lines: LogLines) {
            self.lines = lines
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let merged = metadata.merging(event.metadata ?? [:]) { _, new in new }
            let values = merged.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            lines.lines.withLock {
                $0.append((["\(event.level)", "\(event.message)"] + values).joined(separator: " "))
            }
        }
    }
}
