import JSON
import LettaAPI
import TestSupport
import Testing

/// Agents made from templates, and their migration to other versions.
@Suite(.timeLimit(.minutes(2))) struct TemplateAgentTests {
    private static let path = "/v1/templates/default-project/support"
    private static let include = "include=agent.blocks&include=agent.tools&include=agent.tags&include=agent.secrets"

    /// The body for an agent of Ann in Rome.
    private static let ann: JSONValue = [
        "agent_name": "Ann's", "tags": ["two"], "memory_variables": ["who": "Ann", "town": "Rome"],
        "tool_variables": ["KEY": "k"], "identity_ids": ["{identity}"], "initial_message_sequence": [],
    ]

    /// Makes a template of an agent with blocks, and the agent `made` from it in the deployment `deployment`.
    private static func withMade(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await TemplateTests.withAgent(on: engine) { server in
            try await server.run([
                .post("/v1/identities/", ["identifier_key": "i", "name": "I", "identity_type": "user"], expect: 200)
                    .keep("identity"),
                .post("/v1/templates", TemplateTests.support, expect: 201).keep("template"),
            ])
            let made = try await server.send(.post, "\(path):1/agents", Self.ann, as: .legacy).expect(201)
            server["made"] = try #require(made.json["agents"]?[0]?["id"]?.string, "\(made.text)")
            server["deployment"] = try #require(made.json["deployment_id"]?.string)
            server["human"] = try #require(made.json["agents"]?[0]?["blocks"]?[0]?["id"]?.string)
            try await body(server)
        }
    }

    /// Changes the working version.
    private func change(
        _ server: TestServer, _ change: (inout JSONObject, inout [JSONObject]) -> Void
    ) async throws {
        var snapshot = try #require(try await server.get("\(Self.path):current/snapshot").json.object)
        var agent = try #require(snapshot["agents"]?[0]?.object)
        var blocks = (snapshot["blocks"]?.array ?? []).compactMap(\.object)
        change(&agent, &blocks)
        snapshot["agents"] = [.object(agent)]
        snapshot["blocks"] = .array(blocks.map { .object($0) })
        snapshot["relationships"] = .array(
            blocks.map { ["agentEntityId": agent["entityId"] ?? nil, "blockEntityId": $0["entityId"] ?? nil] })
        try await server.send(.put, "\(Self.path):current/snapshot", .object(snapshot)).expect(200)
    }

    @Test(arguments: Engines.all)
    func `an agent is made from a version`(_ engine: TestEngine) async throws {
        try await Self.withMade(on: engine) { server in
            let other = try await server.addOrganization()
            let origin: JSONValue = [
                "base_template_id": "{template}", "template_id": .text(containing: "template-version-"),
                "deployment_id": "{deployment}", "entity_id": .anything,
            ]
            try await server.restart()
            try await server.run([
                .get("/v1/agents/{made}", as: .legacy, expect: 200, origin),
                .get(
                    "/v1/agents/{made}?\(Self.include)", expect: 200,
                    [
                        "name": "Ann's", "system": "You help.", "description": "d", "tags": ["one", "two"],
                        "model": model, "embedding": "openai/text-embedding-3-small", "metadata": ["a": 1],
                        "llm_config": ["context_window": 20_000], "tools": .elements(3), "secrets": [["key": "KEY"]],
                        "message_ids": .elements(1), "tool_rules": [],
                        "blocks": [
                            [
                                "label": "human", "value": "Ann of Rome", "limit": 500, "description": "h",
                                "base_template_id": "{template}", "deployment_id": "{deployment}",
                            ],
                            ["label": "persona", "value": "I am Ada.", "read_only": true],
                        ],
                    ]),
                .get("/v1/agents/?identity_id={identity}", expect: 200, [["id": "{made}"]]),
                .get("/v1/agents/?base_template_id={template}", expect: 200, [["id": "{made}"]]),
                .post(
                    "/v1/agents/search", ["search": [["field": "templateName", "operator": "eq", "value": "support"]]],
                    expect: 200, ["agents": [["id": "{made}"]]]),
                .get(
                    "/v1/agents/{made}/core-memory/variables", expect: 200,
                    ["variables": ["who": "Ann", "town": "Rome"]]),
                .post(
                    "/v1/templates/support/agents", ["memory_variables": ["who": "Bob"]], expect: 201,
                    ["agent_ids": .elements(1), "deployment_id": .text(containing: "deployment-"), "group_id": nil]),
                .post("\(Self.path):1/agents", as: .legacy, expect: 201, ["agents": .elements(1)]).note(
                    "without a body"),
                .post("/v1/templates/support:2/agents", [:], expect: 404),
                .post("/v1/templates/zzz/agents", [:], expect: 404),
                .post("/v1/templates/support/agents", [:], as: other, expect: 404),
                .post("/v1/templates/support/agents", ["identity_ids": ["identity-\(nobody)"]], expect: 404),
            ])
        }
    }

    @Test func `an agent that names a template takes from it what it does not say`() async throws {
        try await Self.withMade(on: .sqlite) { server in
            try await server.run([
                .post(
                    "/v1/agents/",
                    [
                        "from_template": "support:1", "name": "Cleo", "system": "Other.",
                        "memory_variables": ["who": "Cleo"], "memory_blocks": [["label": "persona", "value": "Own."]],
                    ], expect: 200,
                    [
                        "name": "Cleo", "system": "Other.", "model": model, "base_template_id": "{template}",
                        "blocks": [
                            ["label": "human", "value": "Cleo of {{ town }}"], ["label": "persona", "value": "Own."],
                        ],
                    ]),
                .post(
                    "/v1/agents/", ["from_template": "default-project/support"], expect: 200, ["system": "You help."]),
                .post("/v1/agents/", ["from_template": "zzz", "model": model], expect: 404),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a deployment gets another version`(_ engine: TestEngine) async throws {
        try await Self.withMade(on: engine) { server in
            let other = try await server.addOrganization()
            try await change(server) { agent, blocks in
                agent["systemPrompt"] = "You help more."
                blocks[0]["value"] = "The user {{who}} in {{town}}, {{land}}"
                blocks[1] = ["entityId": "new", "label": "task", "value": "Help {{who}}."]
            }
            let migrate = "\(Self.path)/deployments/{deployment}/migrate"
            try await server.run([
                .post("/v1/templates/support/save", [:], expect: 200),
                .patch("/v1/blocks/{human}", ["value": "Ann moved."], expect: 200),
                .post(migrate, ["version": "2"], as: other, expect: 404),
                .post("\(Self.path)/deployments/zzz/migrate", ["version": "2"], expect: 404),
                .post(migrate, ["version": "9"], expect: 404),
                .post(migrate, [:], expect: 422).field("version"),
                .post(
                    migrate, ["version": "2", "preserve_core_memories": true, "preserve_tool_variables": true],
                    expect: 200, ["success": true]),
                .get(
                    "/v1/agents/{made}?\(Self.include)", expect: 200,
                    [
                        "system": "You help more.", "name": "Ann's", "secrets": [["key": "KEY"]],
                        "blocks": [
                            ["label": "human", "value": "Ann moved."], ["label": "task", "value": "Help Ann."],
                            ["label": "persona"],
                        ],
                    ]
                ).note("what the version has not stays"),
                .post(
                    migrate,
                    [
                        "version": "latest", "memory_variables": ["land": "Italy"],
                        "block_reconciliation_strategy": "reconcile-all",
                    ], expect: 200),
            ])
            try await server.restart()
            try await server.run([
                .get(
                    "/v1/agents/{made}?\(Self.include)", expect: 200,
                    [
                        "blocks": [["label": "human", "value": "The user Ann in Rome, Italy"], ["label": "task"]],
                        "deployment_id": "{deployment}",
                    ])
            ])
            #expect(try await server.systemMessage(of: server["made"]).contains("The user Ann in Rome, Italy"))
            #expect(try await server.get("/v1/agents/{agent}/core-memory/blocks").ids.count == 2)
        }
    }

    @Test func `saving may migrate all agents, and leaves shared blocks alone`() async throws {
        try await Self.withMade(on: .sqlite) { server in
            // The persona of the agent made is another's, too, and not from the template.
            server["shared"] = try await server.newBlock("persona", "Shared.")
            let persona = try await server.get("/v1/agents/{made}/core-memory/blocks/persona").id
            try await server.run([
                .patch("/v1/agents/{made}/core-memory/blocks/detach/\(persona)", expect: 200),
                .patch("/v1/agents/{made}/core-memory/blocks/attach/{shared}", expect: 200),
                .post("/v1/agents/", ["model": model, "block_ids": ["{shared}"]], expect: 200),
            ])
            try await change(server) { agent, blocks in
                agent["systemPrompt"] = "You help all."
                agent["toolVariables"] = nil
                blocks[0]["value"] = "{{who}}!"
                blocks[1]["value"] = "I am new."
            }
            try await server.run([
                .post("/v1/templates/support/save", ["migrate_agents": true], expect: 200, ["latest_version": "2"]),
                .get(
                    "/v1/agents/{made}?\(Self.include)", expect: 200,
                    [
                        "system": "You help all.", "secrets": [],
                        "blocks": [["value": "Ann!"], ["id": "{shared}", "value": "Shared."]],
                    ]),
                .get("/v1/agents/{agent}", expect: 200, ["system": "You help."]).note(
                    "the first one is no agent of it"),
            ])
        }
    }

    @Test func `an agent is migrated, and becomes a version`() async throws {
        try await Self.withMade(on: .sqlite) { server in
            let other = try await server.addOrganization()
            let body: JSONValue = ["to_template": "support:1", "preserve_core_memories": false]
            try await server.run([
                .post("/v1/agents/agent-\(nobody)/migrate", body, expect: 404),
                .post("/v1/agents/{agent}/migrate", body, as: other, expect: 404),
                .post(
                    "/v1/agents/{agent}/migrate", ["to_template": "zzz:1", "preserve_core_memories": true], expect: 404),
                .post("/v1/agents/{agent}/version-template", expect: 400).note("it comes from no template"),
                .post("/v1/agents/{agent}/migrate", body, expect: 200, ["success": true]),
                .get("/v1/agents/{agent}", expect: 200, ["base_template_id": "{template}"]),
                .patch("/v1/agents/{made}", ["system": "Learned."], expect: 200),
                .post("/v1/agents/{made}/version-template", as: other, expect: 404),
                .post("/v1/agents/{made}/version-template", expect: 200, ["latest_version": "2", "name": "support"]),
                .get(
                    "\(Self.path):2/snapshot", expect: 200,
                    ["agents": [["systemPrompt": "Learned."]], "blocks": [["value": "{{who}} of {{ town }}"], [:]]]
                ).note("variables stay variables"),
                .delete("/v1/templates/support", expect: 200),
                .get("/v1/agents/{made}", expect: 200, ["base_template_id": "{template}"]),
                .post("/v1/agents/{made}/version-template", expect: 400),
            ])
        }
    }
}
