import EventStreams
import JSON
import ModelProviders
import Synchronization

/// Streamable HTTP: each message is a POST, whose response is the answer or a stream of events with the answer in it.
struct StreamableHTTPLink: MCPLink {
    private struct State {
        var session: String?
        var version: String?
    }

    private let server: RemoteServer
    private let inbox: MCPInbox
    private let limits: MCPLimits
    private let clock: any Clock<Duration>
    private let state = Shared(State())
    private static let resumptions = 4

    init(_ server: RemoteServer, _ inbox: MCPInbox, _ limits: MCPLimits, _ clock: any Clock<Duration>) {
        self.server = server
        self.inbox = inbox
        self.limits = limits
        self.clock = clock
    }

    func use(version: String) { state.value.withLock { $0.version = version } }

    func pump() async throws {}

    func send(_ message: JSONValue, id: Int64?) async throws {
        let response = try await server.exchange(
            "POST", headers(accept: "application/json, text/event-stream"), JSONWriter.bytes(of: message),
            accepting: [400, 404])
        if let session = response.header("mcp-session-id"), Self.isVisible(session) {
            state.value.withLock { $0.session = $0.session ?? session }
        }
        let type = response.header("content-type")?.lowercased() ?? ""
        if type.hasPrefix("text/event-stream"), response.status < 300 {
            try await follow(response, until: id)
        } else if type.hasPrefix("application/json"), id != nil || response.status >= 400 {
            try await reply(try await collect(response))
        }
        guard let id, !inbox.isAnswered(id) else { return }
        // Most servers say 404 of a session that they don't know, and some 400.
        if [400, 404].contains(response.status), state.value.withLock({ $0.session }) != nil {
            throw MCPFailure(.ended, "The server has ended the session.")
        }
        throw MCPFailure(
            .invalidAnswer,
            "\(EgressAddress.shown(server.url)) gave no answer of the protocol (status \(response.status)).")
    }

    private func collect(_ response: EgressResponse) async throws -> [UInt8] {
        do {
            return try await response.collect(upTo: limits.message)
        } catch {
            throw try RemoteServer.failure(error)
        }
    }

    /// Reads events until the answer is there. A stream that ends before is resumed after its last event, with back-off.
    private func follow(_ first: EgressResponse, until id: Int64?) async throws {
        var response = first
        var last: String?
        for attempt in 1...Self.resumptions {
            do {
                var parser = ServerSentEventParser(limit: limits.message)
                for try await chunk in response.chunks {
                    for event in try chunk.withUnsafeBytes({ bytes in try parser.feed(bytes) }) {
                        if let id = event.id, Self.isVisible(id) { last = id }
                        if !event.data.isEmpty { try await reply(event.data) }
                    }
                    if let id, inbox.isAnswered(id) { return }
                }
            } catch is ServerSentEventParser.LimitExceeded {
                throw MCPFailure(.invalidAnswer, "The server sent a message that is too large.")
            } catch {
                let failure = try RemoteServer.failure(ofReading: error)
                guard failure.kind == .connection, last != nil else { throw failure }
            }
            guard id != nil, let resumed = last else { return }
            try await clock.sleep(for: Backoff().delay(before: attempt, jitter: 0))
            response = try await server.exchange(
                "GET", headers(accept: "text/event-stream") + [("last-event-id", resumed)])
        }
    }

    /// Passes messages to the inbox and sends what they ask for.
    private func reply(_ message: [UInt8]) async throws {
        for reply in try inbox.receive(message) { try await send(reply, id: nil) }
    }

    func close() async {
        guard state.value.withLock({ $0.session }) != nil else { return }
        // A server that does not want to hear it ends the session by itself.
        _ = try? await server.exchange("DELETE", headers(accept: "*/*"))
    }

    private func headers(accept: String) -> [(name: String, value: String)] {
        let (session, version) = state.value.withLock { ($0.session, $0.version) }
        var headers = [(name: "accept", value: accept), (name: "content-type", value: "application/json")]
        if let session { headers.append((name: "mcp-session-id", value: session)) }
        if let version { headers.append((name: "mcp-protocol-version", value: version)) }
        return headers
    }

    /// Whether a header may have the text.
    private static func isVisible(_ text: String) -> Bool {
        text.utf8.count <= 1_024 && !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}

/// A mutex that a value can hold.
final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }
}
