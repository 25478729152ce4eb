import JSON
import LettaAPI
import ModelProviders
import Storage
import Synchronization
import TestSupport
import Testing

/// A turn goes on from what the one before it left, unless something was changed since.
@Suite(.timeLimit(.minutes(2))) struct KeptContextTests {
    /// Something that is done to an agent between two of its turns.
    struct Change: Sendable {
        let name: String
        let make: @Sendable (TurnServer, _ agent: String) async throws -> Void

        init(_ name: String, _ make: @escaping @Sendable (TurnServer, _ agent: String) async throws -> Void) {
            self.name = name
            self.make = make
        }
    }

    /// `{agent}` in a path is the agent.
    private static func send(
        _ name: String, _ verb: HTTPVerb, _ path: String, _ body: JSONValue? = nil
    ) -> Change {
        Change(name) { server, agent in
            let path = path.replacing("{agent}", with: agent)
            try await server.send(verb, path, body).expect(200)
        }
    }

    private static func turn(_ name: String, _ play: ScriptedModel.Play, saying text: String = "Hm?") -> Change {
        Change(name) { server, agent in
            server.model.play(play, .say("done"))
            try await server.say(text, to: agent).expect(200)
        }
    }

    static let changes: [Change] = [
        Change("nothing") { _, _ in },
        send("a block's value", .patch, "/v1/agents/{agent}/core-memory/blocks/human", ["value": "Bob"]),
        send("a block's label", .patch, "/v1/agents/{agent}/core-memory/blocks/human", ["label": "person"]),
        send("the system prompt", .patch, "/v1/agents/{agent}", ["system": "Be brief."]),
        send("a rule", .patch, "/v1/agents/{agent}", ["tool_rules": [["type": "exit_loop", "tool_name": "x"]]]),
        send("the zone", .patch, "/v1/agents/{agent}", ["timezone": "Asia/Tokyo"]),
        send(
            "the temperature", .patch, "/v1/agents/{agent}",
            [
                "model_settings": [
                    "provider_type": "openai", "temperature": 0.25,
                ]
            ]),
        turn("a call of a tool", .call("conversation_search", ["query": "brief"])),
        turn("an edit of memory", .call("memory_insert", ["label": "person", "new_string": "Likes tea"])),
        turn("an edit that is refused", .call("memory_insert", ["label": "nobody", "new_string": "x"])),
        turn("a passage", .call("archival_memory_insert", ["content": "Engines weave."])),
        turn("a tool that is not there", .call("no_such_tool", [:])),
        turn("text that needs care", .say("\u{1F9F5} a\u{0301} \u{e1}"), saying: "line\nline\t\"quoted\" \u{7f}"),
        Change("a tool of its own, taken away again") { server, agent in
            let source =
                "def twice(x: int):\n    \"\"\"Doubles.\n\n    Args:\n        x: a number\n    \"\"\"\n    return x"
            let tool = try await server.send(.post, "/v1/tools/", ["source_code": .string(source)]).expect(200)
            try await server.send(.patch, "/v1/agents/\(agent)/tools/attach/\(tool.id)").expect(200)
            try await same(server, agent, "a new tool")
            try await server.send(.patch, "/v1/tools/\(tool.id)", ["description": "Other words"]).expect(200)
            try await same(server, agent, "a tool's description")
            try await server.send(.delete, "/v1/tools/\(tool.id)").expect(200)
        },
        Change("an opened turn that its model failed") { server, agent in
            server.model.play(.fail(.badRequest, status: 400))
            _ = try await server.say("lost?", to: agent)
        },
        Change("a stored message") { server, agent in
            let text = #"[{"type": "text", "text": "Other words"}]"#
            _ = try await server.storage.write {
                try $0.execute("UPDATE message SET content = \(text) WHERE role = 'user'")
            }
        },
        send("all messages", .patch, "/v1/agents/{agent}/reset-messages", [:]),
        Change("the server") { server, _ in try await server.restart() },
    ]

    @Test(arguments: TestEngine.available)
    func `whatever was changed, the model is asked what would be read anew`(_ engine: TestEngine) async throws {
        try await withTurns(on: engine) { server in
            let agent = try await server.newAgent()
            for change in Self.changes {
                try await change.make(server, agent)
                for _ in 0..<2 { try await Self.same(server, agent, change.name) }
            }
        }
    }

    /// A preview reads the database; the turn after it has to send the same.
    private static func same(_ server: TurnServer, _ agent: String, _ name: String) async throws {
        let body: JSONValue = ["messages": [["role": "user", "content": "Next", "name": "Ann", "otid": "one"]]]
        let path = "/v1/agents/\(agent)/messages"
        var preview = try #require(try await server.send(.post, "\(path)/preview-raw-payload", body).json.object)
        let answer = try await server.send(.post, path, body).expect(200)
        let step = try #require(answer.json["messages"]?.array?.last?["step_id"]?.string, "\(answer.text)")
        let trace = try await server.get("/v1/steps/\(step)/trace").expect(200).json
        var sent = try #require(trace["request_json"]?.object, "\(trace)")
        for field in ["stream", "stream_options"] {
            preview[field] = nil
            sent[field] = nil
        }
        #expect(sent == preview, "after a change of \(name)")
    }

    @Test func `a turn reads its agent once, and again when anybody has written`() async throws {
        let reads = Reads()
        try await withTurns(on: .sqlite, { $0.wrapStorage = { ReadingStorage(base: $0, reads: reads) } }) { server in
            let agent = try await server.newAgent()
            _ = reads.take()
            for expected in [1, 0, 0] {
                try await server.say("Hi", to: agent).expect(200)
                #expect(reads.take() == expected)
            }
            let other = try await server.newAgent()
            try await server.say("Hi", to: agent).expect(200)
            #expect(reads.take() == 1, "somebody made an agent")
            try await server.say("Hi", to: other).expect(200)
            #expect(reads.take() == 1)
            for agent in [agent, other] {
                try await server.say("Hi", to: agent).expect(200)
                #expect(reads.take() == 0, "turns are in nobody else's way")
            }
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "Likes tea"]), .say("done"))
            try await server.say("Remember", to: other).expect(200)
            _ = reads.take()
            for agent in [agent, other] {
                try await server.say("Hi", to: agent).expect(200)
                #expect(reads.take() == 1, "a block may be everybody's")
            }
            try await server.send(.delete, "/v1/agents/\(agent)").expect(200)
            try await server.say("Hi", to: agent).expect(404)
        }
    }
}

/// How often a context was read.
private final class Reads: Sendable {
    private let count = Mutex(0)

    func add() { count.withLock { $0 += 1 } }

    func take() -> Int {
        count.withLock { count in
            defer { count = 0 }
            return count
        }
    }
}

/// A database that counts how often a turn reads the messages in its context.
private struct ReadingStorage: StorageWrapper {
    let base: any StorageEngine
    let reads: Reads

    func commit<T: Sendable>(
        quietly: Bool, _ body: @escaping @Sendable (any SQLExecutor) throws -> T
    ) async throws -> Committed<T> {
        try await base.commit(quietly: quietly) { [reads] db in try body(Reading(base: db, reads: reads)) }
    }

    private struct Reading: SQLExecutor {
        let base: any SQLExecutor
        let reads: Reads

        var dialect: Dialect { base.dialect }

        func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
            if sql.text.hasPrefix("SELECT"), sql.text.contains("FROM message"), !sql.text.contains("LIMIT") {
                reads.add()
            }
            return try base.rows(sql)
        }

        func execute(_ sql: SQLText) throws(SQLFailure) -> Int { try base.execute(sql) }

        func mark() throws(SQLFailure) -> DatabaseMark? { try base.mark() }
    }
}
