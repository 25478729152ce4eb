import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

/// A turn goes on from what the one before it left, unless something was changed since.
@Suite(.timeLimit(.minutes(2))) struct KeptContextTests {
    /// Something that is done to an agent between two of its turns.
    struct Change: Sendable {
        let name: String
        /// Whether what the agent knew before is still true after it, but for what its own turns have added.
        let isQuiet: Bool
        let make: @Sendable (TurnServer, _ agent: String) async throws -> Void

        init(
            _ name: String, isQuiet: Bool = false,
            _ make: @escaping @Sendable (TurnServer, _ agent: String) async throws -> Void
        ) {
            self.name = name
            self.isQuiet = isQuiet
            self.make = make
        }
    }

    /// `{agent}` in a path is the agent.
    private static func send(
        _ name: String, _ verb: HTTPVerb, _ path: String, _ body: JSONValue? = nil, isQuiet: Bool = false
    ) -> Change {
        Change(name, isQuiet: isQuiet) { server, agent in
            let path = path.replacing("{agent}", with: agent)
            try await server.send(verb, path, body).expect(200)
        }
    }

    private static func turn(
        _ name: String, _ play: ScriptedModel.Play, saying text: String = "Hm?", isQuiet: Bool = true
    ) -> Change {
        Change(name, isQuiet: isQuiet) { server, agent in
            server.model.play(play, .say("done"))
            try await server.say(text, to: agent).expect(200)
        }
    }

    private static let picture: JSONValue = [
        "messages": [
            [
                "role": "user",
                "content": [
                    ["type": "text", "text": "Look"],
                    [
                        "type": "image",
                        "source": ["type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="],
                    ],
                ],
            ]
        ]
    ]
    private static let other: JSONValue = ["input": "You?", "override_model": "openai-proxy/gpt-4.1"]
    private static let alone: JSONValue = ["input": "You?", "override_system": "Be somebody else."]
    private static let skilled: JSONValue = [
        "messages": [["role": "user", "content": "You?"]],
        "client_skills": [["name": "weaving", "description": "Weaves.", "location": "/skills/weaving"]],
    ]

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
        turn(
            "an edit of memory", .call("memory_insert", ["label": "person", "new_string": "Likes tea"]), isQuiet: false),
        turn("an edit that is refused", .call("memory_insert", ["label": "nobody", "new_string": "x"])),
        turn("a passage", .call("archival_memory_insert", ["content": "Engines weave."]), isQuiet: false),
        turn("a tool that is not there", .call("no_such_tool", [:])),
        turn("text that needs care", .say("\u{1F9F5} a\u{0301} \u{e1}"), saying: "line\nline\t\"quoted\" \u{7f}"),
        turn("several calls", .calls("conversation_search", [["query": "brief"], ["query": "tea"]])),
        turn("an empty answer", .nothing),
        send("a picture", .post, "/v1/agents/{agent}/messages", picture, isQuiet: true),
        send("another model for once", .post, "/v1/agents/{agent}/messages", other, isQuiet: true),
        send("another system message for once", .post, "/v1/agents/{agent}/messages", alone, isQuiet: true),
        send("what a client can do", .post, "/v1/agents/{agent}/messages", skilled, isQuiet: true),
        Change("a tool of its own, taken away again") { server, agent in
            let source =
                "def twice(x: int):\n    \"\"\"Doubles.\n\n    Args:\n        x: a number\n    \"\"\"\n    return x"
            let tool = try await server.send(.post, "/v1/tools/", ["source_code": .string(source)]).expect(200)
            try await server.send(.patch, "/v1/agents/\(agent)/tools/attach/\(tool.id)").expect(200)
            try await same(server, agent, "a new tool")
            server.model.play(.call("twice", ["x": 2]), .say("four"))
            try await server.say("Twice two?", to: agent).expect(200)
            try await same(server, agent, "a call of it")
            try await server.send(.patch, "/v1/tools/\(tool.id)", ["description": "Other words"]).expect(200)
            try await same(server, agent, "a tool's description")
            try await server.send(.delete, "/v1/tools/\(tool.id)").expect(200)
        },
        Change("an opened turn that its model failed") { server, agent in
            server.model.play(.fail(.badRequest, status: 400))
            _ = try await server.say("lost?", to: agent)
        },
        Change("a turn that was cancelled") { server, agent in
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, after: "half ", then: .say("whole")))
            let path = "/v1/agents/\(agent)/messages"
            let run = try await server.send(.post, "\(path)/async", ["input": "Stop"]).expect(200).id
            await hold.reached()
            try await server.send(.post, "\(path)/cancel", ["run_ids": [.string(run)]]).expect(200)
            hold.release()
            #expect(try await server.follow(run).last?.type == "[DONE]")
        },
        Change("a block, by another process") { server, _ in
            let other = try await server.database.open()
            _ = try await other.write(quietly: true) { try $0.execute("UPDATE block SET value = value || '!'") }
            await other.close()
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
        try await counting(on: engine) { server, reads in
            let agent = try await server.newAgent(["tools": ["archival_memory_insert"]])
            for change in Self.changes {
                try await change.make(server, agent)
                for isKept in [change.isQuiet, true] {
                    _ = reads.take()
                    try await Self.same(server, agent, change.name)
                    let count = reads.take()
                    #expect(count == (isKept && engine == .sqlite ? 0 : 1), "after a change of \(change.name)")
                }
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
        try await counting(on: .sqlite) { server, reads in
            let agent = try await server.newAgent()
            for expected in [1, 0, 0] as [Int64] { try await Self.say("Hi", to: agent, server, reads, expected) }
            let other = try await server.newAgent()
            for agent in [agent, other] { try await Self.say("Somebody was made", to: agent, server, reads, 1) }
            for agent in [agent, other] { try await Self.say("Turns are in nobody's way", to: agent, server, reads, 0) }
            let run = try await server.send(.post, "/v1/agents/\(other)/messages/async", ["input": "Hi"]).expect(200).id
            #expect(try await server.follow(run).last?.type == "[DONE]")
            _ = reads.take()
            try await Self.say("Nor are runs in the background", to: agent, server, reads, 0)
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "Likes tea"]), .say("done"))
            try await server.say("Remember", to: other).expect(200)
            _ = reads.take()
            for agent in [agent, other] { try await Self.say("A block may be yours", to: agent, server, reads, 1) }
        }
    }

    @Test func `so many contexts are kept, and none that is large`() async throws {
        try await counting(on: .sqlite) { server, reads in
            var agents: [String] = []
            for _ in 0..<65 { agents.append(try await server.newAgent(["include_base_tools": false])) }
            for agent in agents { try await Self.say("Hi", to: agent, server, reads, 1) }
            try await Self.say("The first is gone", to: agents[0], server, reads, 1)
            try await Self.say("The last is not", to: agents[64], server, reads, 0)
            try await Self.say(String(repeating: "much ", count: 60_000), to: agents[64], server, reads, 0)
            for _ in 0..<2 { try await Self.say("Too much", to: agents[64], server, reads, 1) }
        }
    }

    private func counting(
        on engine: TestEngine, _ body: @Sendable (TurnServer, _ reads: Counter) async throws -> Void
    ) async throws {
        let reads = Counter()
        try await withTurns(on: engine, { $0.wrapStorage = { ReadingStorage(base: $0, reads: reads) } }) { server in
            try await body(server, reads)
        }
    }

    /// A turn that has to read its agent so many times.
    private static func say(
        _ text: String, to agent: String, _ server: TurnServer, _ reads: Counter, _ expected: Int64
    ) async throws {
        _ = reads.take()
        try await server.say(text, to: agent).expect(200)
        let count = reads.take()
        #expect(count == expected, "\(text.prefix(80))")
    }
}

/// A database that counts how often a turn reads the messages in its context.
private struct ReadingStorage: StorageWrapper {
    let base: any StorageEngine
    let reads: Counter

    func commit<T: Sendable>(
        quietly: Bool, _ body: @escaping @Sendable (any SQLExecutor) throws -> T
    ) async throws -> Committed<T> {
        try await base.commit(quietly: quietly) { [reads] db in try body(Reading(base: db, reads: reads)) }
    }

    private struct Reading: ExecutorWrapper {
        let base: any SQLExecutor
        let reads: Counter

        func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
            if sql.text.hasPrefix("SELECT"), sql.text.contains("FROM message WHERE"), !sql.text.contains("LIMIT") {
                reads.next()
            }
            return try base.rows(sql)
        }
    }
}
