import EventStreams
import Foundation
import JSON
import ModelProviders
import TestSupport
import Testing

@testable import MCPClient

/// Servers over stdio that misbehave: each ends in a clear failure, in time.
@Suite(.timeLimit(.minutes(2))) struct HostileServerTests {
    private func withServer<Value: Sendable>(
        _ arguments: [String] = [], environment: [String: String] = [:],
        _ change: (inout MCPLimits) -> Void = { _ in },
        _ body: @escaping @Sendable (MCPSession) async throws -> Value
    ) async throws -> Value {
        try await withTemporaryFolder { folder in
            let script = try StdioServerScript(in: folder).path
            let entry = try #require(StdioAllowList("/usr/bin/python3 \(script)")?.entries.first)
            var limits = MCPLimits()
            limits.retries = 0
            change(&limits)
            let command = StdioCommand(words: entry.words + arguments, environment: environment)
            return try await MCPConnection(limits: limits, slots: StdioSlots())(.stdio(command, entry), body)
        }
    }

    private func failure(
        of tool: String, _ change: (inout MCPLimits) -> Void = { _ in }
    ) async throws -> MCPFailure? {
        await #expect(throws: MCPFailure.self) {
            _ = try await withServer([], change) { try await $0.call(tool, [:]) }
        }
    }

    @Test func `tools are listed page by page, and what is none is left out`() async throws {
        let tools = try await withServer(["many", "noise"]) { try await $0.tools() }
        #expect(tools.count == 2_018)
        #expect(tools.first?.name == "add" && tools.last?.name == "tool_1999")
        #expect(tools.contains { $0.name == "broken" } && !tools.contains { $0.name.isEmpty })
        let refused = await #expect(throws: MCPFailure.self) {
            _ = try await withServer(["many"], { $0.tools = 1_000 }) { try await $0.tools() }
        }
        #expect(refused?.message == "The server lists more than 1000 tools.")
        let paged = await #expect(throws: MCPFailure.self) {
            _ = try await withServer(["many"], { $0.pages = 3 }) { try await $0.tools() }
        }
        #expect(paged?.message == "The server's list of tools has more than 3 pages.")
    }

    @Test func `a call returns content, structure and errors`() async throws {
        let results = try await withServer { session in
            (
                try await session.call("add", ["a": 1, "b": 2]), try await session.call("facts", [:]),
                try await session.call("fail", [:]), try await session.call("ask", [:])
            )
        }
        #expect(results.0.content == [["type": "text", "text": "3"]] && !results.0.isError)
        #expect(results.1.structured == ["answer": 42])
        #expect(results.2.isError)
        #expect(results.3.content.first?["text"] == "decline -32601", "questions are declined, sampling is unknown")
    }

    @Test func `the server sees its own environment, its own files and nobody's rights`() async throws {
        let result = try await withServer(environment: ["KEY": "value"]) { try await $0.call("look", [:]) }
        let seen = try JSONParser().parse(Array((result.content.first?["text"]?.string ?? "").utf8))
        #expect(seen["environment"]?["KEY"] == "value" && seen["environment"]?["HOME"] == "/tmp")
        #expect(seen["environment"]?.object?.keys.contains("LETTA_SERVER_BINARY") == false)
        #expect(seen["user"] == 65_534)
        let folders = seen["home"]?.array?.compactMap(\.string) ?? []
        #expect(!folders.contains("root") && !folders.contains("home") && !folders.contains("var"), "\(folders)")
    }

    @Test func `one that hangs is given up, one that makes progress is not`() async throws {
        let late = try await failure(of: "hang") { $0.idle = .milliseconds(400) }
        #expect(late?.kind == .timeout)
        let done = try await withServer([], { $0.idle = .milliseconds(900) }) { try await $0.call("slow", [:]) }
        #expect(done.content.first?["text"] == "done", "1.2 s with a sign of life every 0.15 s")
        let endless = try await failure(of: "endless") { $0.total = .milliseconds(300) }
        #expect(endless?.kind == .timeout)
        let silent = await #expect(throws: MCPFailure.self) {
            _ = try await withServer(["hush"], { $0.connect = .milliseconds(400) }) { try await $0.tools() }
        }
        #expect(silent?.kind == .timeout)
    }

    @Test func `one that dies, floods or speaks nonsense is cut off`() async throws {
        let died = try await failure(of: "die")
        #expect(died?.message == "The server's process has ended: it fell over")
        let flooded = try await failure(of: "flood") { $0.messages = 500 }
        #expect(flooded?.message == "The server sent too much. The connection was closed.")
        let huge = try await failure(of: "huge")
        #expect(huge?.message == "The server sent a message that is too large.")
        let garbage = try await failure(of: "garbage")
        #expect(garbage?.message == "The server sent something that is not JSON.")
        let refused = try await failure(of: "refuse")
        #expect(refused == MCPFailure(.rejected(code: -32602), "not today"))
    }

    @Test func `one that takes too much memory or too many processes is ended`() async throws {
        let hog = try await failure(of: "hog") { $0.memory = 100 << 20 }
        #expect(hog?.message == "The server took more than 100 MiB of memory.")
        let many = try await failure(of: "multiply") { $0.processes = 6 }
        #expect(many?.message == "The server started more than 6 processes.")
    }

    @Test func `the servers that run at once are counted`() async throws {
        let slots = StdioSlots(1)
        try await slots.take(within: .seconds(1))
        await #expect(throws: DeadlineExceeded.self) { try await slots.take(within: .milliseconds(1)) }
        let waiting = Task { try await slots.take(within: .seconds(60)) }
        let cancelled = Task { try await slots.take(within: .seconds(60)) }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        slots.giveBack()
        try await waiting.value
        slots.giveBack()
        try await slots.take(within: .milliseconds(1))
    }

    @Test func `a cancelled call ends the process`() async throws {
        try await withTemporaryFolder { folder in
            let script = try StdioServerScript(in: folder).path
            let entry = try #require(StdioAllowList("/usr/bin/python3 \(script)")?.entries.first)
            let (calls, called) = AsyncStream<Void>.makeStream()
            let call = Task {
                try await MCPConnection(slots: StdioSlots())(
                    .stdio(StdioCommand(words: entry.words, environment: [:]), entry)
                ) {
                    session in
                    called.yield()
                    return try await session.call("hang", [:])
                }
            }
            for await _ in calls { break }
            call.cancel()
            await #expect(throws: CancellationError.self) { _ = try await call.value }
            // The kernel buries the processes of a sandbox a moment after its first one. The suite's limit ends a wait for
            // one that stays.
            while try !processes(running: script).isEmpty { await Task.yield() }
        }
    }

    private func processes(running script: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            // A process may end while its folder is read.
            Int(name) != nil
                && (try? String(contentsOfFile: "/proc/\(name)/cmdline", encoding: .utf8))?.contains(script) == true
        }
    }

    @Test func `only the operator's commands are allowed`() throws {
        let list = try #require(StdioAllowList("/usr/bin/python3 /srv/a.py; +network /opt/b/bin/serve\n"))
        func allows(_ words: String...) -> StdioAllowList.Entry? {
            list.entry(for: StdioCommand(words: words, environment: [:]))
        }
        #expect(allows("/usr/bin/python3", "/srv/a.py", "more") == list.entries[0])
        #expect(allows("/opt/b/bin/serve")?.mayUseNetwork == true)
        for words in [
            ["/usr/bin/python3"], ["/usr/bin/python3", "-c", "/srv/a.py"], ["python3", "/srv/a.py"], ["/bin/sh"],
            ["/usr/bin/python3 /srv/a.py"], [],
        ] {
            #expect(list.entry(for: StdioCommand(words: words, environment: [:])) == nil, "\(words)")
        }
        #expect(StdioAllowList("python3 x.py") == nil)
    }
}
