import JSON
import LettaAPI
import TestSupport
import Testing

/// What an agent of each type has from birth.
@Suite(.timeLimit(.minutes(5))) struct AgentTypeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var type: JSONValue
        var tools: [String]
        /// Names of the tools with a rule that ends the turn, and with one that leads on.
        var exits: [String] = []
        var continues: [String] = []
        var messages: Int
        var isSleeptimeEnabled = false
        var autoclear = false

        var testDescription: String { type.string ?? "by default" }
    }

    private static let memoryTools = ["conversation_search", "memory_insert", "memory_replace"]
    private static let rows = [
        Row(type: nil, tools: memoryTools, messages: 1),
        Row(type: "letta_v1_agent", tools: memoryTools, messages: 1),
        Row(
            type: "memgpt_v2_agent", tools: memoryTools + ["send_message"], exits: ["send_message"],
            continues: memoryTools, messages: 4),
        Row(
            type: "memgpt_agent",
            tools: [
                "conversation_search", "core_memory_append", "core_memory_replace", "memory", "memory_apply_patch",
                "send_message",
            ], exits: ["send_message"],
            continues: [
                "conversation_search", "core_memory_append", "core_memory_replace", "memory", "memory_apply_patch",
            ], messages: 4),
        Row(type: "react_agent", tools: [], messages: 4),
        Row(type: "workflow_agent", tools: [], messages: 4, autoclear: true),
        Row(
            type: "sleeptime_agent",
            tools: ["memory_finish_edits", "memory_insert", "memory_replace", "memory_rethink"],
            exits: ["memory_finish_edits"], continues: ["memory_insert", "memory_replace", "memory_rethink"],
            messages: 1),
        Row(
            type: "voice_sleeptime_agent",
            tools: ["finish_rethinking_memory", "rethink_user_memory", "store_memories"],
            messages: 1),
        Row(
            type: "voice_convo_agent", tools: ["search_memory", "send_message"], exits: ["send_message"], messages: 4,
            isSleeptimeEnabled: true),
        Row(
            type: "letta_v1_agent", tools: ["archival_memory_search", "conversation_search", "send_message"],
            exits: ["send_message"], continues: ["archival_memory_search", "conversation_search"], messages: 1,
            isSleeptimeEnabled: true),
    ]

    @Test(arguments: Engines.scenarios, rows)
    func `tools, rules and first messages`(_ engine: TestEngine, _ row: Row) async throws {
        try await withServer(on: engine) { server in
            var body: JSONObject = ["model": model]
            if !row.type.isNull { body["agent_type"] = row.type }
            if row.isSleeptimeEnabled { body["enable_sleeptime"] = true }
            let created = try await server.send(.post, "/v1/agents/", .object(body))
            #expect(created.status == 200, "\(created.text)")
            let agent = try await server.get("/v1/agents/\(created.id)", as: .legacy).json
            #expect(agent["agent_type"] == (row.type.isNull ? "letta_v1_agent" : row.type))
            #expect(names(agent["tools"], "name") == row.tools)
            let rules = agent["tool_rules"]?.array ?? []
            #expect(names(.array(rules.filter { $0["type"] == "exit_loop" }), "tool_name") == row.exits)
            #expect(names(.array(rules.filter { $0["type"] == "continue_loop" }), "tool_name") == row.continues)
            #expect(rules.count == row.exits.count + row.continues.count)
            #expect(agent["message_ids"]?.array?.count == row.messages)
            #expect(agent["message_buffer_autoclear"] == .bool(row.autoclear))
            try await checkContext(created.id, row, server)
        }
    }

    private func checkContext(_ id: String, _ row: Row, _ server: TestServer) async throws {
        let context = try await server.get("/v1/agents/\(id)/context").json
        let messages = context["messages"]?.array ?? []
        let roles = messages.compactMap { $0["role"]?.string }
        #expect(roles == (row.messages == 1 ? ["system"] : ["system", "assistant", "tool", "user"]))
        #expect(context["num_messages"] == .int(Int64(row.messages)))
        guard messages.count == 4 else { return }
        let call = messages[1]["tool_calls"]?[0]
        #expect(call?["function"]?["name"] == "send_message")
        #expect(messages[2]["tool_call_id"] == call?["id"])
        #expect(messages[3]["content"]?[0]?["text"]?.string?.contains(#""type": "login""#) == true)
    }

    private func names(_ elements: JSONValue?, _ key: String) -> [String] {
        (elements?.array ?? []).compactMap { $0[key]?.string }.sorted()
    }

    @Test(arguments: Engines.scenarios)
    func `types that are not made`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let before = try await server.everything()
            try await server.run([
                .post("/v1/agents/", ["model": model, "agent_type": "split_thread_agent"], expect: 400),
                .post("/v1/agents/", ["model": model, "agent_type": "voice_convo_agent"], expect: 422)
                    .field("agent_type"),
                .post("/v1/agents/", ["model": model, "agent_type": "no_agent"], expect: 422).field("agent_type"),
                .post("/v1/agents/", ["model": model, "agent_type": 7], expect: 422).field("agent_type"),
            ])
            #expect(try await server.everything() == before)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what is asked for beside or instead of the defaults`(_ engine: TestEngine) async throws {
        try await scenarios(
            on: engine,
            [
                .post("/v1/agents/", ["model": model, "include_base_tools": false], expect: 200, ["tools": []]),
                .post(
                    "/v1/agents/", ["model": model, "include_base_tools": false, "tools": ["memory", "memory"]],
                    expect: 200, ["tools": [["name": "memory", "tool_type": "letta_memory_core"]], "tool_rules": []]),
                .post(
                    "/v1/agents/", ["model": model, "include_multi_agent_tools": true], expect: 200,
                    ["tools": .elements(6)]),
                .post(
                    "/v1/agents/", ["model": model, "agent_type": "memgpt_v2_agent", "include_base_tool_rules": false],
                    expect: 200, ["tools": .elements(4), "tool_rules": []]),
                .post(
                    "/v1/agents/",
                    ["model": model, "tool_rules": [["type": "exit_loop", "tool_name": "memory_insert"]]], expect: 200,
                    ["tool_rules": .elements(4)]
                ).note("rules of one's own bring the base rules"),
                .post(
                    "/v1/agents/", ["model": model, "tools": ["no_such_tool"]], expect: 400,
                    ["detail": .text(containing: "no_such_tool")]),
                .post(
                    "/v1/agents/", ["model": model, "tool_ids": ["tool-\(nobody)"]], expect: 400,
                    ["detail": .text(containing: nobody)]),
                .post(
                    "/v1/agents/", ["model": model, "tool_rules": [["type": "no_rule", "tool_name": "x"]]], expect: 422
                )
                .field("tool_rules.0"),
                .post(
                    "/v1/agents/", ["model": model, "agent_type": "memgpt_agent", "initial_message_sequence": []],
                    expect: 200, ["message_ids": .elements(1)]),
                .post(
                    "/v1/agents/",
                    [
                        "model": model,
                        "initial_message_sequence": [
                            ["role": "user", "content": "hi"], ["role": "assistant", "content": "hello"],
                        ],
                    ], expect: 200, ["message_ids": .elements(4)]
                ).note("what an assistant says is a call and its result"),
                .get("/v1/agents/count", expect: 200, 7),
            ])
    }
}
