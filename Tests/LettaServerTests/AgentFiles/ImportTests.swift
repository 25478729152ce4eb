import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// The import of agent files: options, files that are not valid, previews.
@Suite(.timeLimit(.minutes(2))) struct ImportTests {
    private static let full = AgentFileSample.file(
        agent: [
            "tool_ids": ["tool-0", "tool-1"], "block_ids": ["block-0"], "secrets": ["KEY": ""],
            "embedding_config": [
                "embedding_endpoint_type": "openai", "embedding_endpoint": "https://embed.example.org/v1",
                "embedding_model": "e", "embedding_dim": 3,
            ],
        ],
        [
            "blocks": [["id": "block-0", "label": "human", "value": "longer than its limit", "limit": 5]],
            "tools": [
                .object(AgentFileSample.addTool),
                [
                    "id": "tool-1", "name": "look", "tool_type": "external_mcp", "json_schema": ["name": "look"],
                    "metadata_": ["mcp": ["server_id": "mcp_server-0", "server_name": "maps"]],
                ],
            ],
            "mcp_servers": [
                [
                    "id": "mcp_server-0", "server_type": "sse", "server_name": "maps",
                    "server_url": "https://maps.example.org/sse",
                ]
            ],
        ])

    @Test(arguments: Engines.all)
    func `an agent arrives with its tools, servers, blocks and secrets`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.imported(Self.full, ["env_vars_json": #"{"KEY": "new", "B": "2"}"#])[0]
            try await server.restart()
            try await server.run([
                .get(
                    "/v1/agents/\(agent)", as: .legacy, expect: 200,
                    [
                        "name": "Bo_copy", "system": "Be kind.", "tools": [["name": "add"], ["name": "look"]],
                        "secrets": [["key": "B"], ["key": "KEY"]], "message_ids": .elements(1),
                        "blocks": [["label": "human", "value": "longer than its limit", "limit": 21]],
                    ]),
                .get("/v1/mcp-servers/", expect: 200, [["server_name": "maps"]]).note("and nothing connects to it"),
                .get("/v1/agents/agent-\(nobody)/export", expect: 404),
                .post("/v1/agents/agent-\(nobody)/export", [:], expect: 404),
                .get("/v1/agents/\(agent)/export?use_legacy_format=true", expect: 400),
                .post(
                    "/v1/agents/\(agent)/export", ["skills": [["name": "s", "files": ["SKILL.md": "x"]]]], expect: 200,
                    ["skills": [["name": "s", "files": ["SKILL.md": "x"]]], "mcp_servers": [["server_name": "maps"]]]),
                .post("/v1/agents/\(agent)/export", ["skills": [["name": "s"]]], expect: 422).field("skills"),
                .get(
                    "/v1/agents/\(agent)/export?scrub_messages=true", expect: 200,
                    ["agents": [["messages": [], "in_context_message_ids": []]]]),
            ])
            let servers = try await server.get("/v1/mcp-servers/").json
            let tools = try await server.get("/v1/mcp-servers/\(servers[0]?["id"]?.string ?? "")/tools")
            tools.expect(200, [["name": "look"]])
            let other = try await server.send(.post, "/v1/admin/orgs/", ["name": "Other"])
            let user = try await server.send(
                .post, "/v1/admin/users/", ["name": "Eve", "organization_id": .string(other.id)])
            try await server.get("/v1/agents/\(agent)/export", as: .user(user.id)).expect(404)
            let theirs = try await server.importFile(Self.full, as: .user(user.id)).expect(200)
            let copy = try #require(theirs.json["agent_ids"]?[0]?.string)
            try await server.get("/v1/agents/\(copy)").expect(404)
            try await server.get("/v1/agents/\(copy)", as: .user(user.id)).expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `options of the form are those of the peer`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let messages = [AgentFileSample.message(0, "system", "s"), AgentFileSample.message(1, "user", "hi")]
            let file = AgentFileSample.file(
                messages: messages, context: ["message-0", "message-1"], agent: ["tool_ids": ["tool-0"]],
                ["tools": [.object(AgentFileSample.addTool)]])
            let cases: [([String: String], JSONValue)] = [
                ([:], ["name": "Bo_copy", "message_ids": .elements(2)]),
                (["append_copy_suffix": "false"], ["name": "Bo"]),
                (["override_name": "Cy"], ["name": "Cy"]),
                (["name": "Di", "append_copy_suffix": "true"], ["name": "Di"]),
                (["strip_messages": "true"], ["message_ids": .elements(1)]),
                (["project_id": "project-1"], ["project_id": "project-1"]),
                (
                    ["model": "openai-proxy/gpt-4.1"],
                    ["model": "openai-proxy/gpt-4.1", "llm_config": ["context_window": 32000]]
                ),
                (
                    ["override_embedding_handle": "openai/text-embedding-3-small"],
                    ["embedding": "openai/text-embedding-3-small"]
                ),
            ]
            for (fields, expected) in cases {
                let agent = try await server.imported(file, fields)[0]
                try await server.get("/v1/agents/\(agent)", as: .legacy).expect(200, expected)
            }
            try await server.importFile(file, ["model": "no/such"]).expect(404)
            try await server.importFile(file, ["secrets": "[1]"]).expect(400)
            try await server.importFile(file, ["append_copy_suffix": "perhaps"]).expect(422)
            let tool = try await server.get("/v1/tools/?name=add").json[0]
            var changed = AgentFileSample.addTool
            changed["source_code"] = "def add():\n    \"\"\"Other.\"\"\"\n    return 7"
            let other = AgentFileSample.file(["tools": [.object(changed)]])
            _ = try await server.imported(other, ["override_existing_tools": "false"])
            try await server.get("/v1/tools/?name=add").expect(200, [["source_code": tool?["source_code"] ?? .null]])
            _ = try await server.imported(other)
            try await server.get("/v1/tools/?name=add").expect(
                200, [["id": tool?["id"] ?? .null, "source_code": changed["source_code"] ?? .null]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a file that is not valid changes nothing and says where`(_ engine: TestEngine) async throws {
        let call: JSONValue = ["id": 5]
        let bad: [(JSONValue, String)] = [
            ([:], "empty object"), (["core_memory": []], "Legacy AgentSchema format is deprecated"),
            ([1], "Corrupted"), ("text", "Corrupted"),
            (["agents": [["id": "x"]]], "6 validation errors for AgentFileSchema\ngroups"),
            (AgentFileSample.file(["agents": [["name": "x"]]]), "agents.0.id\n  Field required"),
            (AgentFileSample.file(agent: ["tool_ids": ["tool-9"]]), "agents.0.tool_ids.0: 'tool-9'"),
            (AgentFileSample.file(agent: ["block_ids": ["block-9"]]), "agents.0.block_ids.0"),
            (AgentFileSample.file(agent: ["source_ids": ["source-9"]]), "agents.0.source_ids.0"),
            (AgentFileSample.file(context: ["message-9"]), "agents.0.in_context_message_ids.0"),
            (
                AgentFileSample.file(messages: [
                    AgentFileSample.message(0, "user", "a"), AgentFileSample.message(0, "user", "b"),
                ]), "agents.0.messages.1.id"
            ),
            (AgentFileSample.file(messages: [AgentFileSample.message(0, "king", "a")]), "agents.0.messages.0.role"),
            (
                AgentFileSample.file(messages: [AgentFileSample.message(0, "user", [1])]),
                "agents.0.messages.0.content.0"
            ),
            (
                AgentFileSample.file(messages: [
                    AgentFileSample.message(0, "assistant", "a", ["tool_calls": [call]])
                ]), "agents.0.messages.0.tool_calls.0"
            ),
            (AgentFileSample.file(agent: ["timezone": "Mars/Phobos"]), "agents.0: "),
            (AgentFileSample.file(agent: ["llm_config": nil]), "agents.0.llm_config"),
            (AgentFileSample.file(agent: ["tool_rules": [["type": "no"]]]), "agents.0.tool_rules"),
            (
                AgentFileSample.file(["tools": [["id": "t", "name": "send_message", "source_code": "x"]]]),
                "tools.0: send_message is the name of a tool of the server"
            ),
            (AgentFileSample.file(["tools": [["id": "t", "name": "x", "tool_type": "root"]]]), "tools.0.tool_type"),
            (
                AgentFileSample.file(["groups": [["id": "g", "agent_ids": ["agent-7"], "description": ""]]]),
                "groups.0.agent_ids.0"
            ),
            (
                AgentFileSample.file([
                    "mcp_servers": [["id": "m", "server_type": "sse", "server_name": "n", "server_url": "file:///etc"]]
                ]), "mcp_servers.0"
            ),
            (AgentFileSample.file(["files": [["id": "f", "source_id": "source-1"]]]), "files.0.source_id"),
        ]
        try await withServer(on: engine) { server in
            let tools = try await server.get("/v1/tools/count").text
            for (file, text) in bad {
                let answer = try await server.importFile(file)
                #expect(
                    answer.status == 400 && answer.json["detail"]?.string?.contains(text) == true,
                    "\(text): \(answer.text)")
            }
            try await server.importFile(Array("no json".utf8)).expect(400, ["detail": "Corrupted agent file format."])
            try await server.run([
                .post("/v1/agents/import", [:], expect: 422).field("file"), .get("/v1/agents/count", expect: 200, 0),
                .get("/v1/blocks/count", expect: 200, 0), .get("/v1/mcp-servers/", expect: 200, []),
            ])
            #expect(try await server.get("/v1/tools/count").text == tools)
        }
    }

    @Test func `files that were encoded twice, and begin with a byte order mark, are read`() async throws {
        try await withServer(on: .sqlite) { server in
            let text = JSONWriter.string(of: AgentFileSample.file())
            let twice = JSONWriter.string(of: JSONValue.string(JSONWriter.string(of: JSONValue.string(text))))
            try await server.importFile(Array(twice.utf8)).expect(200)
            try await server.importFile([0xEF, 0xBB, 0xBF] + Array(text.utf8)).expect(200)
        }
    }

    @Test func `a conversation is exported in the place of the agent's own`() async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await server.newAgent()
            server.model.play(.say("own"))
            try await server.say("Hi", to: agent).expect(200)
            let conversation = try await server.send(.post, "/v1/conversations/?agent_id=\(agent)", [:]).expect(200)
            let path = "/v1/agents/\(agent)/export?conversation_id="
            let file = try await server.get(path + conversation.id)
            file.expect(200, ["agents": [["messages": [["role": "system"]], "in_context_message_ids": ["message-0"]]]])
            #expect(file.text.contains("CONVERSATION_ID: \(conversation.id)"))
            let copy = try await server.exported(try await server.imported(file.json)[0])
            #expect(JSONWriter.string(of: copy).contains("CONVERSATION_ID: default"))
            try await server.get(path + "default").expect(200, ["agents": [["messages": .elements(3)]]])
            try await server.get(path + "conv-\(nobody)").expect(404)
        }
    }

    @Test func `a preview lists what comes with a file, and creates nothing`() async throws {
        try await withServer(on: .sqlite) { server in
            let answer = try await server.importFile(Self.full, query: "?preview=true")
            answer.expect(
                200,
                [
                    "agent_ids": [],
                    "preview": [
                        "agents": [
                            [
                                "name": "Bo_copy", "model": "openai-proxy/gpt-4o-mini", "blocks": ["human"],
                                "tools": ["add", "look"],
                            ]
                        ],
                        "tools": [
                            [
                                "name": "add", "action": "create",
                                "source_code": AgentFileSample.addTool["source_code"] ?? .null,
                            ],
                            ["name": "look", "tool_type": "external_mcp"],
                        ],
                        "mcp_servers": [["name": "maps", "reached_by": "https://maps.example.org/sse"]],
                        "environment_variables": ["KEY"], "blocks": 1,
                        "network": [
                            ["address": "https://embed.example.org/v1"], ["address": "https://maps.example.org/sse"],
                        ],
                    ],
                ])
            try await server.get("/v1/agents/count").expect(200, 0)
            _ = try await server.imported(Self.full)
            let again = try await server.importFile(
                Self.full, ["override_existing_tools": "false"], query: "?preview=true")
            again.expect(
                200,
                ["preview": ["tools": [["action": "use"], ["action": "use"]], "mcp_servers": [["action": "use"]]]])
        }
    }

    @Test func `the flat format of one agent is converted`() throws {
        let flat: JSONObject = [
            "agent_type": "memgpt_agent", "name": "Old", "system": "s", "version": "0.7.0", "tool_rules": [],
            "core_memory": [["label": "human", "value": "v", "limit": 9, "metadata_": ["a": 1]]],
            "in_context_message_indices": [1], "tags": [["tag": "x"]], "metadata_": ["m": 2],
            "llm_config": ["model": "m", "model_endpoint_type": "openai", "context_window": 9000],
            "messages": [["role": "user", "content": []], ["role": "system", "content": []]],
            "tool_exec_environment_variables": [["key": "K", "value": "v"]],
            "tools": [.object(AgentFileSample.addTool)],
        ]
        #expect(FlatAgentFile.isFlat(flat))
        let file = try AgentImport(try AgentFileReader.document(FlatAgentFile.converted(flat)), .init())
        let agent = file.document.agents[0]
        #expect(agent.agent.secrets == ["K": "v"] && agent.agent.tags == ["x"] && agent.agent.blockIDs == ["block-0"])
        #expect(agent.inContextMessageIDs == ["message-1"] && agent.messages.count == 2)
        #expect(file.document.blocks[0].metadata == ObjectDocument(["a": 1]))
        var broken = flat
        broken["in_context_message_indices"] = [7]
        #expect(throws: APIError.self) {
            try AgentImport(try AgentFileReader.document(FlatAgentFile.converted(broken)), .init())
        }
    }

    @Test func `agents that share something are in one file`() {
        let ids = (0..<6).map { ID<AgentState>("agent-\($0)") }
        let sets = AgentSets(ids, joined: [[ids[4], ids[1]], [ids[4], ids[5]], [ids[3], ids[2]]]).sets
        #expect(sets == [[ids[0]], [ids[1], ids[4], ids[5]], [ids[2], ids[3]]])
    }
}
