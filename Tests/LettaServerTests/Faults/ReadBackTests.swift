import JSON
import LettaAPI
import TestSupport
import Testing

/// Deploy tools send what they read, on every run: nothing may change by it, not even a time.
@Suite(.timeLimit(.minutes(5))) struct ReadBackTests {
    @Test(arguments: Engines.scenarios)
    func `an agent`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for (name, agent) in try await agents(server) {
                let path = "/v1/agents/\(agent)"
                let include = [
                    "blocks", "tools", "tags", "secrets", "managed_group", "identities", "sources",
                ].map { "include=agent.\($0)" }.joined(separator: "&")
                for (caller, query) in [(TestCaller.legacy, ""), (.v1, "?\(include)")] {
                    var body = try #require(try await server.get(path + query, as: caller).json.object)
                    body["tool_ids"] = .array((body["tools"]?.array ?? []).compactMap { $0["id"] })
                    body["block_ids"] = .array((body["blocks"]?.array ?? []).compactMap { $0["id"] })
                    body["folder_ids"] = .array((body["sources"]?.array ?? []).compactMap { $0["id"] })
                    try await check(path, body, as: caller, name, server)
                }
                // Without asking for them, this generation reads empty lists of secrets and tags.
                var body = try #require(try await server.get(path).json.object)
                body["identity_ids"] = nil
                body["tags"] = nil
                try await check(path, body, as: .v1, name, server)
            }
        }
    }

    /// Agents as differently made as can be.
    private func agents(_ server: TestServer) async throws -> [(String, String)] {
        server["block"] = try await server.newBlock("shared", "x", ["tags": ["t"]])
        try await server.run([
            .post("/v1/identities/", ["identifier_key": "i", "name": "I", "identity_type": "user"], expect: 200)
                .keep("identity"),
            .post("/v1/folders/", ["name": "docs", "embedding": "openai/text-embedding-3-small"], expect: 200)
                .keep("folder"),
        ])
        try await server.addFile("a.txt", "one", to: server["folder"])
        let rich: JSONObject = [
            "context_window_limit": 20_000, "max_tokens": 500, "embedding": "openai/text-embedding-3-small",
            "embedding_chunk_size": 77, "reasoning": true, "parallel_tool_calls": false,
            "secrets": ["B": "two", "A": "one"], "tags": ["x", "y"], "metadata": ["b": 1, "a": [1.5, nil]],
            "memory_blocks": [["label": "human", "value": "Ann"]], "block_ids": ["{block}"],
            "tool_rules": [
                ["type": "run_first", "tool_name": "memory_insert"],
                ["type": "max_count_per_step", "tool_name": "memory_insert", "max_count_limit": 3],
            ],
            "compaction_settings": ["mode": "all", "clip_chars": 9], "response_format": ["type": "json_object"],
            "model_settings": ["provider_type": "openai", "temperature": 0.25], "timezone": "Europe/Berlin",
            "max_files_open": 7, "hidden": true, "identity_ids": ["{identity}"], "description": "d",
            "message_buffer_autoclear": true, "folder_ids": ["{folder}"],
        ]
        let bare: JSONObject = [
            "model": nil, "agent_type": "memgpt_agent",
            "llm_config": ["model": "m", "model_endpoint_type": "openai", "context_window": 7_000],
        ]
        return [
            ("rich", try await server.newAgent("Ada", rich)), ("plain", try await server.newAgent("Bob")),
            ("bare", try await server.newAgent("Eve", bare)),
            ("companion", try await server.newAgent("Kim", ["enable_sleeptime": true])),
        ]
    }

    @Test(arguments: Engines.scenarios)
    func `a block, a tool, an archive, an identity, a provider`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let block = try await server.newBlock(
                "human", "Ann", ["tags": ["b", "a"], "metadata": ["k": 1], "limit": 50, "description": nil])
            try await server.newAgent("Ada", ["block_ids": [.string(block)]])
            try await server.run([
                .post(
                    "/v1/tools/",
                    [
                        "source_code": ToolTests.source(), "description": "mine", "tags": ["x"],
                        "pip_requirements": [["name": "numpy", "version": nil]], "default_requires_approval": true,
                    ], expect: 200
                ).keep("tool"),
                .post(
                    "/v1/tools/",
                    [
                        "source_code": ToolTests.source("other"),
                        "json_schema": ["name": "sum", "description": "d", "parameters": ["type": "object"]],
                    ], expect: 200
                ).keep("sum"),
                .post(
                    "/v1/archives/",
                    ["name": "a", "description": "d", "embedding": "openai/text-embedding-3-small"], expect: 200
                ).keep("archive"),
                .post(
                    "/v1/identities/",
                    [
                        "identifier_key": "k", "name": "K", "identity_type": "user", "block_ids": [.string(block)],
                        "properties": [["key": "a", "value": ["b": 1.5], "type": "json"]],
                    ], expect: 200
                ).keep("identity"),
                .post(
                    "/v1/folders/",
                    [
                        "name": "f", "description": "d", "instructions": "i", "metadata": ["a": [1.5]],
                        "embedding": "openai/text-embedding-3-small",
                    ], expect: 200
                ).keep("folder"),
                .get("/v1/tools/?name=memory_insert", expect: 200),
                .post(
                    "/v1/providers/",
                    [
                        "name": "p", "provider_type": "ollama", "api_key": "k", "base_url": "http://127.0.0.1:9",
                        "access_key": "a",
                    ], expect: 200
                ).keep("provider"),
            ])
            server["base"] = try #require(try await server.get("/v1/tools/?name=memory_insert").ids.first)
            for path in [
                "/v1/blocks/\(block)", "/v1/tools/{tool}", "/v1/tools/{sum}", "/v1/tools/{base}",
                "/v1/archives/{archive}", "/v1/identities/{identity}",
                "/v1/folders/{folder}", "/v1/sources/{folder}",
                "/v1/providers/{provider}",
            ] {
                for caller in [TestCaller.legacy, .v1] {
                    let body = try #require(try await server.get(path, as: caller).json.object)
                    try await check(path, body, as: caller, path, server)
                }
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a group, a conversation`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["block"] = try await server.newBlock("human", "Ann")
            server["agent"] = try await server.newAgent("Ada", ["block_ids": ["{block}"]])
            try await server.run([
                .post(
                    "/v1/groups/",
                    [
                        "agent_ids": ["{agent}"], "description": "d", "shared_block_ids": ["{block}"],
                        "manager_config": ["manager_type": "dynamic", "manager_agent_id": "{agent}", "max_turns": 2],
                    ], expect: 200
                ).keep("group"),
                .post(
                    "/v1/conversations/?agent_id={agent}",
                    [
                        "summary": "s", "isolated_block_labels": ["human"], "model": "openai-proxy/gpt-4.1",
                        "model_settings": ["provider_type": "openai", "temperature": 0.25],
                    ], expect: 200
                ).keep("conversation"),
            ])
            for path in ["/v1/groups/{group}", "/v1/conversations/{conversation}"] {
                let body = try #require(try await server.get(path).json.object)
                try await check(path, body, as: .v1, path, server)
            }
        }
    }

    /// Sends the whole body back, then each of its fields.
    private func check(
        _ path: String, _ body: JSONObject, as caller: TestCaller, _ name: String, _ server: TestServer
    ) async throws {
        let before = try await server.rows()
        try #require(before.count > 20)
        for (field, part) in [("all of it", body)] + body.map({ ($0.key, [$0.key: $0.value] as JSONObject) }) {
            let answer = try await server.send(.patch, path, .object(part), as: caller)
            #expect(answer.status == 200, "\(name), \(field): \(answer.text)")
            let after = try await server.rows()
            let changed = Set(after).symmetricDifference(before).sorted()
            #expect(changed == [], "\(name), \(field)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `one field of all that was read changes alone`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada", ["context_window_limit": 20_000, "max_tokens": 500])
            let read = try await server.get("/v1/agents/{agent}", as: .legacy).json
            var body = try #require(read.object)
            var settings = try #require(body["model_settings"]?.object)
            let config: JSONValue = try #require(body["llm_config"])
            settings["temperature"] = 0.25
            body["model_settings"] = .object(settings)
            try await server.run([
                .patch(
                    "/v1/agents/{agent}", .object(body), as: .legacy, expect: 200,
                    [
                        "llm_config": [
                            "temperature": 0.25, "context_window": 20_000, "max_tokens": 500,
                            "parallel_tool_calls": false, "reasoning_effort": config["reasoning_effort"] ?? nil,
                        ]
                    ]),
                .patch(
                    "/v1/agents/{agent}", ["model_settings": ["parallel_tool_calls": true]], expect: 200,
                    ["llm_config": ["parallel_tool_calls": true, "temperature": 0.25]]
                ).note("alone it is meant, although it was shown as true before"),
            ])
            body = try #require(try await server.get("/v1/agents/{agent}", as: .legacy).json.object)
            body["model"] = "openai-proxy/mock"
            try await server.run([
                .patch(
                    "/v1/agents/{agent}", .object(body), as: .legacy, expect: 200,
                    [
                        "model": "openai-proxy/mock", "llm_config": ["model": "mock", "context_window": 30_000],
                    ]
                ).note("the description of the old model that comes along does not undo it")
            ])
        }
    }
}
