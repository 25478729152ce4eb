import EventStreams
import JSON
import TestSupport
import Testing

@testable import MCPClient

/// A server keeps what it has between the calls of one user, and nobody else sees it.
@Suite(.timeLimit(.minutes(2))) struct KeptSessionTests {
    private static let ann = MCPSessions.Owner(server: "s", user: "ann")
    private static let ben = MCPSessions.Owner(server: "s", user: "ben")

    /// Calls tools of the script in the sessions of owners.
    private struct Caller: Sendable {
        let sessions: MCPSessions
        let entry: StdioAllowList.Entry

        func call(
            _ tool: String = "count", _ arguments: JSONObject = [:], as owner: MCPSessions.Owner = ann,
            environment: [String: String] = [:]
        ) async throws -> String? {
            let command = StdioCommand(words: entry.words, environment: environment)
            let result = try await sessions.use(.stdio(command, entry), of: owner) {
                try await $0.call(tool, arguments)
            }
            return result.content.first?["text"]?.string
        }
    }

    private func withCaller(
        idle: Duration = .seconds(60), processes: Int = 8, _ body: (Caller) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let script = try StdioServerScript(in: folder).path
            let entry = try #require(StdioAllowList("/usr/bin/python3 \(script)")?.entries.first)
            var limits = MCPLimits()
            limits.retries = 0
            let sessions = MCPSessions(limits: limits, idle: idle, processes: processes)
            try await body(Caller(sessions: sessions, entry: entry))
            await sessions.close()
            #expect(sessions.count == 0)
        }
    }

    @Test func `each user's calls share a session of their own`() async throws {
        try await withCaller { (caller: Caller) async throws in
            #expect(try await caller.call() == "1")
            #expect(try await caller.call() == "2")
            #expect(try await caller.call(as: Self.ben) == "1")
            async let one = caller.call()
            async let other = caller.call()
            #expect(try await Set([one, other]) == ["3", "4"])
            #expect(caller.sessions.count == 2)
            #expect(try await caller.call("fail") == "it did not work")
            await #expect(throws: MCPFailure(.rejected(code: -32602), "not today")) { try await caller.call("refuse") }
            #expect(try await caller.call() == "5", "an error of a tool ends no session")
        }
    }

    @Test func `answers reach the calls that they are for`() async throws {
        try await withCaller { (caller: Caller) async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    let owner = [Self.ann, Self.ben][number % 2]
                    group.addTask {
                        let sum = try await caller.call("add", ["a": .int(Int64(number)), "b": 1], as: owner)
                        #expect(sum == "\(number + 1)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(caller.sessions.count == 2)
        }
    }

    @Test func `a session that broke, or whose settings changed, is followed by another`() async throws {
        try await withCaller { (caller: Caller) async throws in
            #expect(try await caller.call() == "1")
            let failure = await #expect(throws: MCPFailure.self) { try await caller.call("die") }
            #expect(failure?.message.contains("it fell over") == true)
            #expect(try await caller.call() == "1")
            #expect(try await caller.call(environment: ["KEY": "new"]) == "1")
            #expect(try await caller.call(environment: ["KEY": "new"]) == "2")
            caller.sessions.end(server: "s")
            #expect(try await caller.call(environment: ["KEY": "new"]) == "1")
        }
    }

    @Test func `a call that is given up ends its session, and no other call`() async throws {
        try await withCaller { (caller: Caller) async throws in
            #expect(try await caller.call() == "1")
            let hanging = Task { try await caller.call("hang") }
            while caller.sessions.use(of: Self.ann) == 0 { await Task.yield() }
            hanging.cancel()
            await #expect(throws: CancellationError.self) { try await hanging.value }
            #expect(try await caller.call() == "1")
        }
    }

    @Test func `a session that nobody uses ends`() async throws {
        try await withCaller(idle: .milliseconds(300)) { (caller: Caller) async throws in
            #expect(try await caller.call() == "1")
            while caller.sessions.count > 0 { await Task.yield() }
            #expect(try await caller.call() == "1")
        }
    }

    @Test func `too many sessions end the oldest that is idle, and none that is in use`() async throws {
        try await withCaller(processes: 1) { (caller: Caller) async throws in
            #expect(try await caller.call() == "1")
            #expect(try await caller.call(as: Self.ben) == "1")
            #expect(try await caller.call(as: Self.ben) == "2")
            #expect(try await caller.call() == "1", "the other one's session took its place")
            async let slow = caller.call("slow")
            while caller.sessions.use(of: Self.ann) == 0 { await Task.yield() }
            #expect(try await caller.call(as: Self.ben) == "1")
            #expect(try await caller.call(as: Self.ben) == "1", "of one use, as long as the only one is in use")
            #expect(try await slow == "done")
            #expect(try await caller.call() == "2")
        }
    }
}
