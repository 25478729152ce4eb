import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// Blocks that many agents have: what a change costs, and who sees it.
@Suite(.timeLimit(.minutes(5))) struct SharedBlockTests {
    @Test(arguments: Engines.scenarios)
    func `a change takes as many statements for 50 agents as for 3`(_ engine: TestEngine) async throws {
        let statements = Counter()
        let count: @Sendable (any StorageEngine) -> any StorageEngine = {
            CountingStorage(base: $0, statements: statements)
        }
        try await withServer(on: engine, { $0.wrapStorage = count }) { server in
            var counts: [[Int64]] = []
            for agents in [3, 50] {
                server["block"] = try await server.newBlock("shared", "Ann")
                server["agent"] = try await server.newAgent("last")
                var ids: [String] = []
                for _ in 0..<agents {
                    ids.append(
                        try await server.newAgent("a", ["block_ids": ["{block}"], "include_base_tools": false]))
                }
                counts.append([])
                for (row, there): (Scenario, String) in [
                    (.patch("/v1/blocks/{block}", ["value": "Bob"], expect: 200), "Bob"),
                    (.patch("/v1/blocks/{block}", ["label": "other"], expect: 200), "<other>"),
                    (.patch("/v1/agents/{agent}/core-memory/blocks/attach/{block}", expect: 200), "Bob"),
                    (.patch("/v1/agents/{agent}/core-memory/blocks/detach/{block}", expect: 200), "Bob"),
                    (.get("/v1/messages/?limit=3", expect: 200), "Bob"),
                    (.delete("/v1/blocks/{block}", expect: 200), "<memory_metadata>"),
                ] {
                    _ = statements.take()
                    try await server.run(row)
                    counts[counts.count - 1].append(statements.take())
                    for id in ids { #expect(try await server.systemMessage(of: id).contains(there), "\(row.path)") }
                }
                for id in ids { #expect(try await !server.systemMessage(of: id).contains("Bob"), "it is deleted") }
            }
            #expect(counts[0] == counts[1])
            #expect(counts.joined().allSatisfy { $0 > 0 }, "\(counts)")
        }
    }

    /// Each shows the system message of an agent, whether or not anything has rewritten it.
    private static let readers: [(name: String, text: @Sendable (TestServer, String) async throws -> String)] = [
        ("context", { server, agent in try await server.get("/v1/agents/\(agent)/context").text }),
        ("messages", { server, agent in try await server.get("/v1/agents/\(agent)/messages?limit=1000").text }),
        ("all messages", { server, _ in try await server.get("/v1/messages/?limit=1000").text }),
        (
            "message",
            { server, agent in
                let id = try await server.get("/v1/agents/\(agent)").json["message_ids"]?[0]?.string ?? ""
                return try await server.get("/v1/messages/\(id)").text
            }
        ),
        (
            "preview",
            { server, agent in
                try await server.send(.post, "/v1/agents/\(agent)/messages/preview-raw-payload", ["input": "Hi"]).text
            }
        ),
        (
            "dry run",
            { server, agent in try await server.send(.post, "/v1/agents/\(agent)/recompile?dry_run=true").text }
        ),
        ("recompile", { server, agent in try await server.send(.post, "/v1/agents/\(agent)/recompile").text }),
        (
            "turn",
            { server, agent in
                try await server.say("Hi", to: agent).expect(200)
                return try #require(server.model.takeRequests().last).system
            }
        ),
        (
            "reset",
            { server, agent in
                try await server.send(.patch, "/v1/agents/\(agent)/reset-messages", [:]).expect(200)
                return try await server.get("/v1/agents/\(agent)/messages?limit=1000").text
            }
        ),
    ]

    @Test(arguments: Engines.scenarios)
    func `no reader sees a prompt that lags behind the memory`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.say("Hi", to: agent).expect(200)
            let human = "/v1/agents/\(agent)/core-memory/blocks/human"
            let extra = try await server.send(.post, "/v1/blocks/", ["label": "extra", "value": "extra-text"]).id
            let blocks = "/v1/agents/\(agent)/core-memory/blocks"
            var before = "Ann"
            for (index, reader) in Self.readers.enumerated() {
                let now = "value-\(index)-end"
                try await server.send(.patch, human, ["value": .string(now)]).expect(200)
                let edited = try await reader.text(server, agent)
                #expect(edited.contains(now) && !edited.contains(before), "\(reader.name) after an edit")
                try await server.send(.patch, "\(blocks)/attach/\(extra)").expect(200)
                #expect(try await reader.text(server, agent).contains("extra-text"), "\(reader.name) after attaching")
                try await server.send(.patch, "\(blocks)/detach/\(extra)").expect(200)
                #expect(try await !reader.text(server, agent).contains("extra-text"), "\(reader.name) after detaching")
                before = now
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an agent's edit of a shared block is in the next turn of another`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let block = try await server.send(.post, "/v1/blocks/", ["label": "shared", "value": "Ann"]).id
            let fields: JSONObject = ["memory_blocks": [], "block_ids": [.string(block)]]
            let (one, other) = (try await server.newAgent(fields), try await server.newAgent(fields))
            try await server.say("Hi", to: other).expect(200)
            server.model.play(.call("memory_insert", ["label": "shared", "new_string": "Likes tea"]), .say("done"))
            try await server.say("Remember", to: one).expect(200)
            _ = server.model.takeRequests()
            try await server.say("And you?", to: other).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("Likes tea") == true)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a block that an agent deletes stays with the others`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let block = try await server.send(.post, "/v1/blocks/", ["label": "shared", "value": "Ann-shared"]).id
            let fields: JSONObject = ["memory_blocks": [], "block_ids": [.string(block)], "tools": ["memory"]]
            let (one, other) = (try await server.newAgent(fields), try await server.newAgent(fields))
            let delete = ScriptedModel.Play.call("memory", ["command": "delete", "path": "/memories/shared"])
            server.model.play(delete, .say("done"))
            try await server.say("Forget", to: one).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("Ann-shared") == false)
            try await server.get("/v1/agents/\(one)/core-memory/blocks").expect(200, [])
            try await server.get("/v1/agents/\(other)/core-memory/blocks").expect(200, [["id": .string(block)]])
            try await server.get("/v1/blocks/\(block)").expect(200, ["value": "Ann-shared"])
            try await server.say("You?", to: other).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("Ann-shared") == true)
            server.model.play(delete, .say("done"))
            try await server.say("Forget", to: other).expect(200)
            try await server.get("/v1/blocks/\(block)").expect(404)
        }
    }
}
