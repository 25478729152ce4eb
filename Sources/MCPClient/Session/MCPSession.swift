import EventStreams
package import JSON
import Synchronization

/// A way to a server.
protocol MCPLink: Sendable {
    /// Sends a message. What the server answers arrives in the inbox, before this returns or later.
    ///
    /// - Parameter id: of a request, for ways that carry its answer back in the same exchange.
    func send(_ message: JSONValue, id: Int64?) async throws
    /// Passes what the server sends to the inbox until it ends, for ways that are open all the time.
    func pump() async throws
    /// Takes note of the version that was agreed on.
    func use(version: String)
    /// Says goodbye where the way has such a thing.
    func close() async
}

/// A conversation with one server. Its answers reach no other session.
package final class MCPSession: Sendable {
    private let link: any MCPLink
    private let inbox: MCPInbox
    private let limits: MCPLimits
    private let clock: any Clock<Duration>
    private let lastID = Mutex<Int64>(0)

    init(_ link: any MCPLink, _ inbox: MCPInbox, _ limits: MCPLimits, _ clock: any Clock<Duration>) {
        self.link = link
        self.inbox = inbox
        self.limits = limits
        self.clock = clock
    }

    // MARK: Its end

    /// Whether nothing can be asked any more.
    var hasEnded: Bool { inbox.hasEnded }

    /// Fails what is asked now and later.
    func end() { inbox.close(MCPFailure(.ended, "The session was ended.")) }

    /// - Throws: `CancellationError`.
    func untilEnd() async throws { try await inbox.end.wait() }

    // MARK: What a client asks

    func initialize() async throws {
        let result = try await request(
            "initialize",
            [
                "protocolVersion": .string(MCPVersion.newest), "capabilities": [:],
                "clientInfo": ["name": "letta-swift", "version": "1"],
            ], idle: limits.connect)
        guard let version = result["protocolVersion"]?.string, MCPVersion.supported.contains(version) else {
            let version = result["protocolVersion"]?.string?.prefix(40) ?? "none"
            throw MCPFailure(
                .invalidAnswer,
                "The server speaks version \(version) of the protocol. This client speaks \(MCPVersion.supported.joined(separator: ", "))."
            )
        }
        link.use(version: version)
        try await notify("notifications/initialized")
    }

    package func ping() async throws {
        _ = try await request("ping", [:], idle: limits.connect)
    }

    /// All tools, page by page. What has no name is left out, and of two with one name the second.
    package func tools() async throws -> [MCPTool] {
        var tools: [MCPTool] = []
        var (names, cursors): (Set<String>, Set<String>) = ([], [])
        var parameters: JSONObject = [:]
        for _ in 0..<limits.pages {
            let result = try await request("tools/list", parameters, idle: limits.connect)
            guard let page = result["tools"]?.array else {
                throw MCPFailure(.invalidAnswer, "The server's answer has no list of tools.")
            }
            tools += page.compactMap(MCPTool.init).filter { names.insert($0.name).inserted }
            guard tools.count <= limits.tools else {
                throw MCPFailure(.invalidAnswer, "The server lists more than \(limits.tools) tools.")
            }
            guard let cursor = result["nextCursor"]?.string, cursors.insert(cursor).inserted else { return tools }
            parameters = ["cursor": .string(cursor)]
        }
        throw MCPFailure(.invalidAnswer, "The server's list of tools has more than \(limits.pages) pages.")
    }

    /// Calls a tool once: nobody knows what a second call would do.
    package func call(_ tool: String, _ arguments: JSONObject) async throws -> MCPCallResult {
        let result = try await request(
            "tools/call", ["name": .string(tool), "arguments": .object(arguments)], idle: limits.idle, progress: true)
        guard result["content"] != nil || result["structuredContent"] != nil else {
            throw MCPFailure(.invalidAnswer, "The server's answer has no content.")
        }
        return MCPCallResult(
            content: result["content"]?.array ?? [], structured: result["structuredContent"],
            isError: result["isError"]?.bool ?? false)
    }

    /// All tools, if the server has said since the last time that they are not the same any more; nil if not, or if they
    /// can't be listed in time.
    ///
    /// - Throws: `CancellationError`.
    package func changedTools() async throws -> [MCPTool]? {
        guard inbox.takeChange() else { return nil }
        do {
            return try await withDeadline(limits.connect, clock: clock) { try await self.tools() }
        } catch let error as CancellationError {
            throw error
        } catch {
            return nil
        }
    }

    // MARK: Requests

    private func request(
        _ method: String, _ parameters: JSONObject, idle: Duration, progress: Bool = false
    ) async throws -> JSONObject {
        let id = lastID.withLock { id in
            id += 1
            return id
        }
        var parameters = parameters
        if progress { parameters["_meta"] = ["progressToken": .int(id)] }
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": .int(id), "method": .string(method), "params": .object(parameters),
        ]
        inbox.expect(id)
        defer { inbox.forget(id) }
        do {
            return try await withinPatience(id, idle) {
                try await self.link.send(message, id: id)
                return try await self.inbox.answer(to: id)
            }
        } catch is DeadlineExceeded {
            await cancel(id, "timed out")
            throw MCPFailure(.timeout, "The server did not answer \(method) in time.")
        } catch let error as CancellationError {
            await cancel(id, "cancelled")
            throw error
        }
    }

    private func withinPatience(
        _ id: Int64, _ idle: Duration, _ body: @escaping @Sendable () async throws -> JSONObject
    ) async throws -> JSONObject {
        let passed = stopwatch(clock)
        return try await withThrowingTaskGroup(of: JSONObject.self) { group in
            group.addTask(operation: body)
            group.addTask { [clock, inbox, limits] in
                while true {
                    let rest = min(inbox.patience(for: id, idle), limits.total - passed())
                    guard rest > .zero else { throw DeadlineExceeded() }
                    try await clock.sleep(for: rest)
                }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private func notify(_ method: String, _ parameters: JSONObject = [:]) async throws {
        let message: JSONValue = ["jsonrpc": "2.0", "method": .string(method), "params": .object(parameters)]
        try await withDeadline(limits.connect, clock: clock) { try await self.link.send(message, id: nil) }
    }

    /// Tells the server that nobody waits any more, also in a cancelled task.
    private func cancel(_ id: Int64, _ reason: String) async {
        // A server that does not hear it is about to be disconnected anyway.
        await Task {
            try? await withDeadline(.seconds(2), clock: self.clock) {
                try await self.notify(
                    "notifications/cancelled", ["requestId": .int(id), "reason": .string(reason)])
            }
        }.value
    }
}
