import JSON
import LettaAPI
import TestSupport
import Testing

/// Present fields change, absent ones stay, null clears what can be empty.
@Suite(.timeLimit(.minutes(5))) struct AgentUpdateTests {
    struct Field: Sendable, CustomTestStringConvertible {
        var name: String
        var value: JSONValue
        /// What is shown afterwards; nil for the value itself.
        var shown: JSONValue?
        /// What is shown after null; nil when null keeps the value.
        var cleared: JSONValue?

        var testDescription: String { name }
    }

    private static let fields = [
        Field(name: "name", value: "Grace"),
        Field(name: "name", value: "Zoë/2: \"Owl\" 🦉👩‍🚀"),
        Field(name: "system", value: "Be brief."),
        Field(name: "description", value: "d", cleared: .some(nil)),
        Field(name: "metadata", value: ["b": [1, nil], "a": 1.5], cleared: .some(nil)),
        Field(name: "tags", value: ["x", "y", "x"], shown: ["x", "y"], cleared: []),
        Field(name: "tool_rules", value: [["type": "exit_loop", "tool_name": "memory_insert"]], cleared: []),
        Field(
            name: "tool_rules",
            value: [
                ["type": "exit_loop", "tool_name": "b"], ["type": "exit_loop", "tool_name": "a"],
                ["tool_name": "b", "type": "exit_loop"],
            ],
            shown: [["type": "exit_loop", "tool_name": "b"], ["type": "exit_loop", "tool_name": "a"]], cleared: []),
        Field(name: "timezone", value: "Europe/Berlin"),
        Field(name: "message_buffer_autoclear", value: true),
        Field(name: "hidden", value: true, cleared: .some(nil)),
        Field(name: "max_files_open", value: 3, cleared: 10),
        Field(name: "per_file_view_window_char_limit", value: 77, cleared: 25000),
        Field(name: "last_run_completion", value: "2026-01-02T03:04:05.678901Z", cleared: .some(nil)),
        Field(name: "last_run_duration_ms", value: 12, cleared: .some(nil)),
        Field(name: "last_stop_reason", value: "end_turn", cleared: .some(nil)),
        Field(name: "project_id", value: "p", cleared: .some(nil)),
        Field(name: "template_id", value: "t", cleared: .some(nil)),
        Field(name: "base_template_id", value: "b", cleared: .some(nil)),
        Field(name: "response_format", value: ["type": "json_object"], cleared: .some(nil)),
        Field(name: "embedding", value: "openai/text-embedding-3-small", cleared: .some(nil)),
        Field(name: "model", value: "openai/gpt-4.1", shown: "openai-proxy/gpt-4.1"),
        Field(name: "compaction_settings", value: ["mode": "all", "clip_chars": 9]),
        Field(name: "enable_sleeptime", value: true, cleared: .some(nil)),
    ]

    @Test(arguments: Engines.all)
    func `every field can be set, kept and cleared`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for field in Self.fields {
                let id = try await server.newAgent("Ada")
                let path = "/v1/agents/\(id)"
                let original = try #require(try await server.get(path, as: .legacy).json.object)
                try await server.run([
                    .patch(
                        path, .object([field.name: field.value]), expect: 200,
                        .object([field.name: field.shown ?? field.value])
                    )
                    .note(field.name)
                ])
                let changed = try #require(try await server.get(path, as: .legacy).json.object)
                #expect(changed[field.name]?.differences(from: field.shown ?? field.value) == [], "\(field.name)")
                for (key, value) in original where !Self.follows(key, field.name) {
                    #expect(changed[key] == value, "\(field.name) changed \(key)")
                }
                let cleared = field.cleared ?? field.shown ?? field.value
                try await server.run([
                    .patch(path, [:], expect: 200, .object([field.name: field.shown ?? field.value])).note(field.name),
                    .patch(path, .object([field.name: nil]), expect: 200, .object([field.name: cleared])).note(
                        field.name),
                    .get(path, as: .legacy, expect: 200, .object([field.name: cleared])).note(field.name),
                ])
            }
        }
    }

    /// Whether `key` may change when `field` does.
    private static func follows(_ key: String, _ field: String) -> Bool {
        let followers: [String: Set<String>] = [
            "model": ["llm_config", "model_settings"], "embedding": ["embedding_config"],
            "last_run_completion": [], "tags": [],
        ]
        return key == field || key == "updated_at" || followers[field]?.contains(key) == true
    }

    @Test(arguments: Engines.scenarios)
    func `the parts of a model agree`(_ engine: TestEngine) async throws {
        try await scenarios(
            on: engine,
            [
                .post("/v1/agents/", ["model": model], expect: 200).keep("agent"),
                .patch(
                    "/v1/agents/{agent}", ["context_window_limit": 5000], expect: 200,
                    [
                        "llm_config": ["context_window": 5000], "max_files_open": 3,
                    ]),
                .patch(
                    "/v1/agents/{agent}", ["max_tokens": 99], expect: 200,
                    [
                        "llm_config": ["max_tokens": 99, "context_window": 5000],
                        "model_settings": ["max_output_tokens": 99],
                    ]),
                .patch(
                    "/v1/agents/{agent}", ["model_settings": ["provider_type": "openai", "temperature": 0.5]],
                    expect: 200,
                    [
                        "llm_config": ["temperature": 0.5], "model_settings": ["temperature": 0.5],
                    ]),
                .patch(
                    "/v1/agents/{agent}", ["model": "openai-proxy/mock"], expect: 200,
                    [
                        "model": "openai-proxy/mock", "llm_config": ["context_window": 30_000, "model": "mock"],
                    ]
                ).note("another model brings its own window"),
                .patch(
                    "/v1/agents/{agent}",
                    ["llm_config": ["model": "m", "model_endpoint_type": "openai", "context_window": 7]], expect: 200,
                    [
                        "model": nil, "llm_config": ["context_window": 7],
                    ]),
                .patch("/v1/agents/{agent}", ["model": "nope"], expect: 400),
                .patch("/v1/agents/{agent}", ["model": "openai/nope"], expect: 404),
                .patch("/v1/agents/{agent}", ["embedding": "openai/nope"], expect: 400),
                .patch("/v1/agents/{agent}", ["context_window_limit": -1], expect: 422).field("context_window_limit"),
                .patch("/v1/agents/{agent}", ["model_settings": ["temperature": 3]], expect: 422).field("temperature"),
                .get("/v1/agents/{agent}", expect: 200, ["model": nil, "llm_config": ["context_window": 7]]),
            ])
    }

    @Test(arguments: Engines.all)
    func `tools and blocks are replaced as a whole`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .post("/v1/blocks/", ["label": "one"], expect: 200).keep("one"),
                .post("/v1/blocks/", ["label": "two"], expect: 200).keep("two"),
                .post("/v1/blocks/", ["label": "one", "value": "again"], expect: 200).keep("again"),
                .post("/v1/agents/", ["model": model, "block_ids": ["{one}"]], expect: 200).keep("agent"),
            ])
            let tools = try await server.get("/v1/agents/{agent}/tools").ids
            server["tool"] = tools[1]
            try await server.run([
                .patch(
                    "/v1/agents/{agent}", ["block_ids": ["{two}", "{again}"]], expect: 200,
                    [
                        "blocks": [["id": "{two}"], ["id": "{again}"]]
                    ]),
                .patch("/v1/agents/{agent}", ["block_ids": ["{one}", "{again}"]], expect: 409),
                .patch("/v1/agents/{agent}", ["block_ids": ["{one}", "block-\(nobody)"]], expect: 404),
                .get("/v1/agents/{agent}/core-memory/blocks", expect: 200, [["id": "{two}"], ["id": "{again}"]])
                    .note("all or nothing"),
                .patch(
                    "/v1/agents/{agent}", ["tool_ids": ["{tool}", "{tool}"]], expect: 200, ["tools": [["id": "{tool}"]]]
                ),
                .patch("/v1/agents/{agent}", ["tool_ids": ["tool-\(nobody)"]], expect: 400),
                .patch(
                    "/v1/agents/{agent}", ["block_ids": [], "tool_ids": []], expect: 200, ["tools": [], "blocks": []]),
                .patch("/v1/agents/agent-\(nobody)", ["name": "x"], expect: 404),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the context may only hold the agent's own messages, each once`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("A", ["agent_type": "memgpt_agent"])
            let other = try await server.newAgent("B")
            let ids = try #require(try await server.get("/v1/agents/{agent}").json["message_ids"]?.array)
            let foreign = try #require(try await server.get("/v1/agents/\(other)").json["message_ids"]?[0])
            try await server.run([
                .patch(
                    "/v1/agents/{agent}", ["message_ids": [ids[0], ids[3], ids[1]]], expect: 200,
                    ["message_ids": [ids[0], ids[3], ids[1]]]),
                .patch("/v1/agents/{agent}", ["message_ids": [ids[0], foreign]], expect: 422).field("message_ids"),
                .patch("/v1/agents/{agent}", ["message_ids": [ids[0], ids[0]]], expect: 422).field("message_ids"),
                .patch("/v1/agents/{agent}", ["message_ids": ["message-\(nobody)"]], expect: 422).field("message_ids"),
                .patch("/v1/agents/{agent}", ["message_ids": ["x"]], expect: 422).field("message_ids"),
                .get("/v1/agents/{agent}", expect: 200, ["message_ids": [ids[0], ids[3], ids[1]]]),
                .patch("/v1/agents/{agent}", ["message_ids": [ids[2]]], expect: 200, ["message_ids": [ids[2]]])
                    .note("a message that left may come back"),
                .post("/v1/agents/{agent}/recompile", expect: 404, ["detail": .text(containing: "No system message")]),
                .get("/v1/agents/{agent}/context", expect: 200, ["num_messages": 1]),
                .patch("/v1/agents/{agent}", ["message_ids": []], expect: 200, ["message_ids": []]),
                .get("/v1/agents/{agent}/context", expect: 200, ["num_messages": 0, "messages": []]),
                .patch("/v1/agents/{agent}", ["message_ids": .array(ids)], expect: 200),
                .post("/v1/agents/{agent}/recompile", expect: 200),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `bad values change nothing`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada")
            let before = try await server.everything()
            try await server.run([
                .patch("/v1/agents/{agent}", ["name": "a\nb", "description": "x"], expect: 422).field("name"),
                .patch("/v1/agents/{agent}", ["timezone": "Nowhere"], expect: 422).field("timezone"),
                .patch("/v1/agents/{agent}", ["max_files_open": -1], expect: 422).field("max_files_open"),
                .patch("/v1/agents/{agent}", ["tool_rules": [["type": "exit_loop"]]], expect: 422).field(
                    "tool_rules.0"),
                .patch("/v1/agents/{agent}", ["last_run_completion": "yesterday"], expect: 422).field(
                    "last_run_completion"),
                .patch("/v1/agents/{agent}", ["secrets": ["": "x"]], expect: 422).field("secrets"),
                .patch("/v1/agents/{agent}", ["secrets": ["A=B": "x"]], expect: 422).field("secrets"),
                .patch("/v1/agents/{agent}", expect: 422),
            ])
            #expect(try await server.everything() == before)
        }
    }
}
