import JSON
import LettaAPI
import TestSupport
import Testing

/// What an agent does to its memory stays done.
@Suite(.timeLimit(.minutes(5))) struct MemoryTurnTests {
    struct Edit: Sendable, CustomTestStringConvertible {
        var tool: String
        var arguments: JSONValue
        var value: String
        var testDescription: String { tool }
    }

    static let edits: [Edit] = [
        Edit(tool: "memory_insert", arguments: ["label": "human", "new_string": "Likes tea"], value: "Ann\nLikes tea"),
        Edit(
            tool: "memory_replace", arguments: ["label": "human", "old_string": "Ann", "new_string": "Bob"],
            value: "Bob"),
        Edit(tool: "memory_rethink", arguments: ["label": "human", "new_memory": "All new"], value: "All new"),
        Edit(tool: "core_memory_append", arguments: ["label": "human", "content": "more"], value: "Ann\nmore"),
        Edit(
            tool: "core_memory_replace", arguments: ["label": "human", "old_content": "nn", "new_content": "nna"],
            value: "Anna"),
    ]
    private static let tools: JSONObject = ["tools": .array(edits.map { .string($0.tool) })]

    @Test(arguments: Engines.scenarios, edits)
    func `an edit is seen by the next step and for ever after`(_ engine: TestEngine, _ edit: Edit) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.tools)
            server.model.play(.call(edit.tool, edit.arguments), .say("done"))
            let answer = try await server.say("Remember", to: agent)
            let result: JSONValue = ["message_type": "tool_return_message", "status": "success"]
            answer.expect(
                200,
                [
                    "messages": [
                        ["message_type": "tool_call_message", "tool_call": ["name": .string(edit.tool)]], result,
                        ["message_type": "assistant_message", "content": "done"],
                    ]
                ])
            let requests = server.model.takeRequests()
            try #require(requests.count == 2)
            #expect(requests[0].system.contains("Ann"))
            #expect(requests[1].system.contains(edit.value), "the second step sees the edit")
            let path = "/v1/agents/\(agent)/core-memory/blocks/human"
            let block = try await server.get(path).expect(200, ["value": .string(edit.value)])
            try await server.get("/v1/blocks/\(block.id)/history").expect(200)
            let history = try await server.get("/v1/blocks/\(block.id)/history")
            let newest = history.json.array?.first
            #expect(newest?["value"]?.string == edit.value, "\(history.text)")
            #expect(newest?["actor_id"]?.string == agent, "\(history.text)")
            try await server.restart()
            try await server.get(path).expect(200, ["value": .string(edit.value)])
            try await server.say("Still?", to: agent).expect(200)
            #expect(server.model.takeRequests().last?.system.contains(edit.value) == true)
        }
    }

    static let refused: [(tool: String, arguments: JSONValue, says: String)] = [
        ("memory_insert", ["label": "human", "new_string": .string(String(repeating: "x", count: 200))], "100"),
        ("memory_insert", ["label": "locked", "new_string": "x"], "read-only"),
        ("memory_replace", ["label": "human", "old_string": "nobody", "new_string": "x"], "nobody"),
        ("memory_insert", ["label": "nothing", "new_string": "x"], "nothing"),
        ("memory_insert", ["label": "human"], "new_string"),
        ("memory_rethink", ["label": "locked", "new_memory": "x"], "read-only"),
        ("core_memory_append", ["label": "locked", "content": "x"], "read-only"),
    ]

    @Test(arguments: Engines.scenarios)
    func `an edit that may not be changes nothing and tells the agent`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            var fields = Self.tools
            fields["memory_blocks"] = [
                ["label": "human", "value": "Ann", "limit": 100],
                ["label": "locked", "value": "stays", "read_only": true],
            ]
            let agent = try await server.newAgent(fields)
            for (tool, arguments, says) in Self.refused {
                server.model.play(.call(tool, arguments), .say("done"))
                let answer = try await server.say("Remember", to: agent)
                answer.expect(
                    200,
                    [
                        "messages": [
                            .anything, ["status": "error", "tool_return": .text(containing: says)],
                            ["content": "done"],
                        ],
                        "stop_reason": ["stop_reason": "end_turn"],
                    ])
                try await server.get("/v1/agents/\(agent)/core-memory/blocks/human").expect(200, ["value": "Ann"])
                try await server.get("/v1/agents/\(agent)/core-memory/blocks/locked").expect(200, ["value": "stays"])
            }
        }
    }

    @Test(arguments: Engines.all)
    func `a block that someone else changes during a turn loses neither edit`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/core-memory/blocks/human"
            let hold = ScriptedModel.Hold()
            let insert = ScriptedModel.Play.call("memory_insert", ["label": "human", "new_string": "Likes tea"])
            server.model.play(.hold(hold, then: insert), .say("done"))
            async let answer = server.say("Remember", to: agent)
            await hold.reached()
            try await server.send(.patch, path, ["value": "Bob"]).expect(200)
            hold.release()
            try await answer.expect(200, ["messages": .elements(3)])
            try await server.get(path).expect(200, ["value": "Bob\nLikes tea"])
            #expect(server.model.takeRequests().last?.system.contains("Bob\nLikes tea") == true)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an edit whose ground is gone becomes an error`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/core-memory/blocks/human"
            let hold = ScriptedModel.Hold()
            let replace = ScriptedModel.Play.call(
                "memory_replace", ["label": "human", "old_string": "Ann", "new_string": "Eve"])
            server.model.play(.hold(hold, then: replace), .say("done"))
            async let answer = server.say("Remember", to: agent)
            await hold.reached()
            try await server.send(.patch, path, ["value": "Bob"]).expect(200)
            hold.release()
            _ = try await answer.expect(200)
            try await server.get(path).expect(200, ["value": "Bob"])
            let told = server.model.takeRequests().last?.messages.last ?? ""
            #expect(told.hasPrefix("tool: ") && told.contains("No replacement was performed"), "\(told)")
            #expect(try await server.said(by: agent).contains { $0.contains("No replacement was performed") })
        }
    }
}
