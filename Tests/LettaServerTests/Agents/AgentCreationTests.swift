import JSON
import LettaAPI
import TestSupport
import Testing

/// What an agent can be made with, and what is said when it can't.
@Suite(.timeLimit(.minutes(5))) struct AgentCreationTests {
    @Test(arguments: Engines.scenarios)
    func `names and plain fields`(_ engine: TestEngine) async throws {
        try await scenarios(
            on: engine,
            [
                .post(
                    "/v1/agents/", ["model": model], expect: 200,
                    [
                        "id": .id("agent"), "name": .anything, "timezone": "UTC", "tags": [], "hidden": nil,
                        "description": nil, "message_buffer_autoclear": false, "max_files_open": 10,
                        "per_file_view_window_char_limit": 25000, "project_id": nil, "identity_ids": [], "blocks": [],
                        "compaction_settings": [
                            "mode": "sliding_window", "clip_chars": 50000, "model": "openai/gpt-5-mini",
                        ],
                    ]),
                .post("/v1/agents/", ["model": model, "name": ""], expect: 200, ["name": ""]),
                .post(
                    "/v1/agents/", ["model": model, "name": "Zoë O'Neil-2_x 日本"], expect: 200,
                    ["name": "Zoë O'Neil-2_x 日本"]),
                .post("/v1/agents/", ["model": model, "name": "a\u{1b}[2J"], expect: 422).field("name"),
                .post("/v1/agents/", ["model": model, "name": "tab\tname"], expect: 422).field("name"),
                .post(
                    "/v1/agents/", ["model": model, "instructions": "Be kind."], expect: 200, ["system": "Be kind."]),
                .post(
                    "/v1/agents/", ["model": model, "instructions": "a", "system": "b"], expect: 200, ["system": "b"]),
                .post(
                    "/v1/agents/", ["model": model, "tags": ["b", "a", "b", "a"]], expect: 200, ["tags": ["b", "a"]]),
                .post("/v1/agents/", ["model": model, "tags": ["role:subagent"]], expect: 200, ["hidden": true]),
                .post(
                    "/v1/agents/", ["model": model, "timezone": "Europe/Berlin"], expect: 200,
                    ["timezone": "Europe/Berlin"]),
                .post("/v1/agents/", ["model": model, "timezone": "Mars/Olympus"], expect: 422).field("timezone"),
                .post("/v1/agents/", ["model": model, "max_files_open": 0], expect: 422).field("max_files_open"),
                .post("/v1/agents/", ["model": model, "zzz": [1, 2]], expect: 200, ["zzz": .absent]).note(
                    "unknown is ignored"),
            ])
    }

    @Test(arguments: Engines.scenarios)
    func `a name is made up when none is given`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            var names: Set<String> = []
            for _ in 0..<4 {
                let answer = try await server.send(.post, "/v1/agents/", ["model": model])
                let name = try #require(answer.json["name"]?.string)
                #expect(name.count > 4 && name.allSatisfy { $0.isLetter }, "\(name)")
                names.insert(name)
            }
            #expect(names.count > 1)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `models are found by handle`(_ engine: TestEngine) async throws {
        let embedding: JSONValue = "openai/text-embedding-3-small"
        try await withServer(on: engine) { server in
            let before = try await server.everything()
            try await server.run([
                .post("/v1/agents/", [:], expect: 400, ["detail": .text(containing: "model or llm_config")]),
                .post(
                    "/v1/agents/", ["model": "gpt-4o-mini"], expect: 400,
                    ["detail": .text(containing: "provider/model-name")]),
                .post(
                    "/v1/agents/", ["model": "openai/nope"], expect: 404,
                    ["detail": .text(containing: "'openai-proxy/mock'")]),
                .post("/v1/agents/", ["model": embedding], expect: 404).note("an embedding model is no language model"),
                .post(
                    "/v1/agents/", ["model": model, "embedding": "openai/nope"], expect: 400,
                    ["detail": .text(containing: "openai/nope")]),
                .post("/v1/agents/", ["model": model, "embedding": "nope"], expect: 400),
                .post("/v1/agents/", ["model": model, "context_window_limit": 0], expect: 422).field(
                    "context_window_limit"),
                .post("/v1/agents/", ["model": model, "context_window_limit": -5], expect: 422).field(
                    "context_window_limit"),
                .post("/v1/agents/", ["model": model, "max_tokens": 0], expect: 422).field("max_tokens"),
            ])
            #expect(try await server.everything() == before)
            try await server.run([
                .post(
                    "/v1/agents/", ["model": "openai/gpt-4.1"], expect: 200,
                    [
                        "model": "openai-proxy/gpt-4.1",
                        "llm_config": [
                            "model": "gpt-4.1", "context_window": 128_000, "handle": "openai-proxy/gpt-4.1",
                            "put_inner_thoughts_in_kwargs": false, "enable_reasoner": false, "temperature": 1.0,
                        ],
                        "model_settings": [
                            "provider_type": "openai", "max_output_tokens": 16384, "parallel_tool_calls": true,
                        ],
                        "embedding": nil, "embedding_config": nil,
                    ]
                ).note("openai/ finds what is listed as openai-proxy/; the window is capped"),
                .post(
                    "/v1/agents/", ["model": model, "context_window_limit": 999_999], expect: 200,
                    [
                        "llm_config": ["context_window": 999_999], "max_files_open": 15,
                    ]),
                .post(
                    "/v1/agents/", ["model": "openai-proxy/mock", "embedding": embedding], expect: 200,
                    [
                        "llm_config": ["context_window": 30_000], "max_files_open": 5, "embedding": embedding,
                        "embedding_config": ["embedding_dim": 1536, "embedding_model": "text-embedding-3-small"],
                    ]),
                .post(
                    "/v1/agents/",
                    ["llm_config": ["model": "m", "model_endpoint_type": "openai", "context_window": 9000]],
                    expect: 200,
                    ["model": nil, "llm_config": ["model": "m", "context_window": 9000], "max_files_open": 5]),
                .post(
                    "/v1/agents/", ["model": model, "agent_type": "memgpt_agent"], expect: 200,
                    [
                        "llm_config": ["put_inner_thoughts_in_kwargs": true, "enable_reasoner": true]
                    ]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `memory at birth`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .post("/v1/blocks/", ["label": "shared", "value": "s"], expect: 200).keep("shared"),
                .post(
                    "/v1/agents/",
                    [
                        "model": model, "block_ids": ["{shared}", "{shared}"],
                        "memory_blocks": [
                            ["label": "human", "value": "{{who}} likes {{ what }} and {{nothing}}."],
                            ["label": "notes", "value": ["b": 1, "a": "{{who}}"], "limit": 40, "tags": ["t"]],
                        ],
                        "memory_variables": ["who": "Ann", "what": "tea"],
                    ], expect: 200,
                    [
                        "blocks": [
                            ["label": "human", "value": "Ann likes tea and {{nothing}}.", "limit": 100_000],
                            ["label": "notes", "value": #"{"b":1,"a":"Ann"}"#, "limit": 40, "tags": ["t"]],
                            ["id": "{shared}"],
                        ]
                    ]
                ).keep("agent"),
                .get(
                    "/v1/agents/{agent}/core-memory/variables", expect: 200,
                    ["variables": ["who": "Ann", "what": "tea"]]),
                .get("/v1/agents/{agent}/memory-variables", expect: 200, ["variables": ["who": "Ann", "what": "tea"]]),
                .get("/v1/blocks/?label=human", expect: 200, [["description": .text(containing: " ")]]),
                .get("/v1/blocks/?label=notes", expect: 200, [["description": nil]]),
            ])
            let text = try await server.systemMessage(of: server["agent"])
            #expect(text.contains("Ann likes tea and {{nothing}}."))
            let before = try await server.everything()
            try await server.run([
                .post(
                    "/v1/agents/", ["model": model, "memory_blocks": [["label": "x"], ["label": "x"]]], expect: 422
                ).field("memory_blocks"),
                .post(
                    "/v1/agents/", ["model": model, "memory_blocks": [["label": "shared"]], "block_ids": ["{shared}"]],
                    expect: 422
                ).field("memory_blocks"),
                .post("/v1/agents/", ["model": model, "memory_blocks": [["value": "x"]]], expect: 422)
                    .field("memory_blocks.0.label"),
                .post(
                    "/v1/agents/", ["model": model, "memory_blocks": [["label": "x", "value": "long", "limit": 3]]],
                    expect: 422
                ).field("value"),
                .post("/v1/agents/", ["model": model, "block_ids": ["block-\(nobody)"]], expect: 404),
                .post("/v1/agents/", ["model": model, "block_ids": ["zzz"]], expect: 404),
            ])
            #expect(try await server.everything() == before, "all or nothing")
        }
    }
}
