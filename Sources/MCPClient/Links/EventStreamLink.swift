import EventStreams
import JSON
import ModelProviders
import Synchronization

/// HTTP with server-sent events, as in the version of 2024: one stream for all answers, and an address to post to, which
/// is the stream's first event.
struct EventStreamLink: MCPLink {
    private let server: RemoteServer
    private let inbox: MCPInbox
    private let limits: MCPLimits
    private let address = Shared<Result<String, MCPFailure>?>(nil)
    private let isReady = Latch()

    init(_ server: RemoteServer, _ inbox: MCPInbox, _ limits: MCPLimits) {
        self.server = server
        self.inbox = inbox
        self.limits = limits
    }

    func use(version: String) {}

    func close() async {}

    func pump() async throws {
        do {
            try await read()
        } catch {
            let failure = error as? MCPFailure ?? MCPFailure(.connection, "The connection to the server was cut.")
            found(.failure(failure))
            throw error
        }
        found(.failure(MCPFailure(.connection, "The server ended its stream of events.")))
    }

    private func read() async throws {
        let response = try await server.exchange("GET", [(name: "accept", value: "text/event-stream")])
        var parser = ServerSentEventParser(limit: limits.message)
        do {
            for try await chunk in response.chunks {
                for event in try chunk.withUnsafeBytes({ bytes in try parser.feed(bytes) }) {
                    if event.name == "endpoint" {
                        found(.success(try target(String(decoding: event.data, as: UTF8.self))))
                    } else if event.name == nil || event.name == "message", !event.data.isEmpty {
                        for reply in try inbox.receive(event.data) { try await send(reply, id: nil) }
                    }
                }
            }
        } catch is ServerSentEventParser.LimitExceeded {
            throw MCPFailure(.invalidAnswer, "The server sent a message that is too large.")
        } catch {
            throw try RemoteServer.failure(ofReading: error)
        }
    }

    private func found(_ result: Result<String, MCPFailure>) {
        address.value.withLock { $0 = $0 ?? result }
        isReady.open()
    }

    /// The address to post to: messages and tokens go to no other origin than the stream's.
    private func target(_ text: String) throws -> String {
        let origin = Self.origin(of: server.url)
        let url: String
        if text.hasPrefix("/"), !text.hasPrefix("//") {
            url = origin + text
        } else if Self.origin(of: text).lowercased() == origin.lowercased() {
            url = text
        } else {
            throw MCPFailure(.forbidden, "The server wants messages at another origin than its own.")
        }
        guard (try? EgressAddress(url)) != nil, url.hasPrefix(origin) || url == text else {
            throw MCPFailure(.invalidAnswer, "The server's address for messages is none.")
        }
        return url
    }

    /// The scheme, the host and the port, as they are written.
    static func origin(of url: String) -> String {
        guard let start = url.firstRange(of: "://")?.upperBound else { return "" }
        return String(url[..<(url[start...].firstIndex { "/?#".contains($0) } ?? url.endIndex)])
    }

    func send(_ message: JSONValue, id: Int64?) async throws {
        try await isReady.wait()
        guard let address = address.value.withLock({ $0 }) else { return }
        _ = try await server.exchange(
            "POST", [(name: "content-type", value: "application/json")], JSONWriter.bytes(of: message),
            to: try address.get())
    }
}
