import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// What is served, as the server itself describes it, with something behind every route.
extension TestServer {
    struct Operation: CustomStringConvertible {
        var verb: HTTPVerb
        /// With a value for every parameter of the query that has to be there.
        var path: String
        /// The names of the captures; with the pattern of its ids where a capture is one.
        var captures: [(name: String, pattern: String?)]
        /// The captures, and the parameters of the query that have to be there and name something.
        var names: [String]
        /// The fields of the body.
        var fields: [String]

        var description: String { "\(verb.rawValue) \(path)" }
    }

    /// Without further spellings.
    func operations() async throws -> [Operation] {
        let document = try await get("/openapi.json").json
        return try #require(document["paths"]?.object).flatMap { path, item in
            (item.object ?? [:]).filter { _, operation in operation["x-alias-of"] == nil }.compactMap {
                verb, operation in
                HTTPVerb(rawValue: verb.uppercased()).map { verb in
                    let parameters = operation["parameters"]?.array ?? []
                    let captures = parameters.filter { $0["in"] == "path" }.map { parameter in
                        (name: parameter["name"]?.string ?? "", pattern: parameter["schema"]?["pattern"]?.string)
                    }
                    let needed = parameters.filter { $0["in"] == "query" && $0["required"] == true }
                    let naming = needed.compactMap { $0["name"]?.string }.filter { $0.hasSuffix("_id") }
                    let query = needed.map { "\($0["name"]?.string ?? "")=x" }.joined(separator: "&")
                    return Operation(
                        verb: verb, path: query.isEmpty ? path : "\(path)?\(query)", captures: captures,
                        names: captures.map(\.name) + naming, fields: Self.fields(of: operation, in: document))
                }
            }
        }
    }

    private static func fields(of operation: JSONValue, in document: JSONValue) -> [String] {
        let schema = operation["requestBody"]?["content"]?["application/json"]?["schema"]
        let alternatives = schema?["anyOf"]?.array ?? [schema ?? .null]
        return alternatives.compactMap { $0["$ref"]?.string?.split(separator: "/").last }.flatMap { name in
            document["components"]?["schemas"]?[String(name)]?["properties"]?.object?.map(\.key) ?? []
        }
    }

    /// A body that the operation takes.
    static func body(for operation: Operation) -> JSONValue {
        if operation.path.hasSuffix("/chat/completions") {
            return ["model": "Ada", "messages": [["role": "user", "content": "Hi."]]]
        }
        if operation.path.hasSuffix("/environment-variable") { return ["key": "K", "value": "v"] }
        if operation.path.hasSuffix("/blocks/batch") { return [anyBody] }
        if operation.path.hasSuffix("/schedule") {
            return ["messages": [["role": "user", "content": "x"]], "schedule": ["scheduled_at": 4_000_000_000_000]]
        }
        return operation.path.hasSuffix("/properties") ? [["key": "k", "value": "v", "type": "string"]] : anyBody
    }

    /// A body that nearly every operation takes: what one needs another ignores.
    private static let anyBody: JSONValue = [
        "requires_approval": true, "input": "Hi.", "label": "x", "model": LettaServerTests.model, "name": "x",
        "text": "x", "passages": [["text": "x"]], "prompt": "Hi.", "identifier_key": "x", "identity_type": "user",
        // Of templates.
        "new_name": "y", "version": "1", "to_template": "support:1", "agent_file_json": [:], "agents": [],
        "blocks": [], "relationships": [], "template_id": "t", "base_template_id": "t", "deployment_id": "dep-1",
        "entity_id": "e", "value": "x", "agent_ids": [], "description": "d",
    ]

    /// Puts something behind every route, and keeps its ids under the names of the captures.
    func seedEverything() async throws {
        try await run([
            .post("/v1/blocks/", ["label": "human", "value": "Ann", "tags": ["t"]], expect: 200).keep("block_id"),
            .post("/v1/_internal_blocks/", ["label": "other", "value": "x"], expect: 200).keep("other"),
            .patch("/v1/blocks/{block_id}", ["value": "Anna", "metadata": ["b": 1, "a": [1.5, nil]]], expect: 200),
            .post(
                "/v1/agents/",
                [
                    "name": "Ada", "model": LettaServerTests.model, "block_ids": ["{block_id}"],
                    "tags": ["one", "two"], "embedding": "openai/text-embedding-3-small",
                    "secrets": ["KEY": "value"],
                    "memory_variables": ["who": "Ann"],
                    "memory_blocks": [["label": "persona", "value": "I am {{who}}."]],
                ], expect: 200
            ).keep("agent_id"),
            .patch("/v1/agents/{agent_id}", ["description": "d", "last_stop_reason": "end_turn"], expect: 200),
        ])
        let memory = try await send(
            .post, "/v1/agents/{agent_id}/archival-memory", ["text": "Ann likes x.", "tags": ["t"]])
        self["memory_id"] = try #require(memory.ids.first, "\(memory.text)")
        self["passage_id"] = self["memory_id"]
        self["archive_id"] = try #require(memory.json[0]?["archive_id"]?.string)
        try await run([
            .post("/v1/identities/", ["identifier_key": "ann", "name": "Ann", "identity_type": "user"], expect: 200)
                .keep("identity_id"),
            .patch("/v1/agents/{agent_id}/identities/attach/{identity_id}", expect: 200),
            .patch("/v1/blocks/{block_id}/identities/attach/{identity_id}", expect: 200),
        ])
        try await seedFolder()
        // A type that this server calls nothing for.
        try await run([
            .post("/v1/providers/", ["name": "Ada", "provider_type": "google_vertex", "api_key": "k"], expect: 200)
                .keep("provider_id")
        ])
        self["block_label"] = "human"
        self["transaction_id"] = "transaction-1"
        self["tool_name"] = "memory_insert"
        self["tool_id"] = try #require(try await get("/v1/agents/{agent_id}/tools").ids.first)
        try await seedToolSettings()
        let turn = try await send(.post, "/v1/agents/{agent_id}/messages", ["input": "Hi."])
        try #require(turn.status == 200, "\(turn.text)")
        self["run_id"] = try #require(turn.json["messages"]?[0]?["run_id"]?.string)
        self["response_id"] = "resp_\(self["run_id"])"
        self["message_id"] = try #require(turn.json["messages"]?[0]?["id"]?.string)
        self["step_id"] = try #require(turn.json["messages"]?[0]?["step_id"]?.string)
        try await run([
            .post(
                "/v1/groups/",
                ["agent_ids": ["{agent_id}"], "description": "d", "shared_block_ids": ["{block_id}"]], expect: 200
            ).keep("group_id"),
            .post(
                "/v1/agents/{agent_id}/schedule",
                [
                    "messages": [["role": "user", "content": "x"]],
                    "schedule": ["type": "recurring", "cron_expression": "0 0 1 1 *"],
                ], expect: 200
            ).keep("scheduled_message_id"),
            .post("/v1/api-keys/", ["name": "program"], expect: 200).keep("key_id"),
            .put("/v1/quotas/", ["agent_id": "{agent_id}", "turns_per_day": 1_000_000], expect: 200).keep("quota_id"),
            .post(
                "/v1/messages/batches",
                ["requests": [["agent_id": "{agent_id}", "messages": [["role": "user", "content": "x"]]]]], expect: 200
            ).keep("batch_id"),
            .post("/v1/conversations/?agent_id={agent_id}", ["isolated_block_labels": ["human"]], expect: 200),
            .post("/v1/conversations/default/fork?agent_id={agent_id}", expect: 200).keep("conversation_id"),
        ])
        try await seedTemplates()
    }

    /// A template in a project of its own, and a deployment of one that is kept elsewhere.
    private func seedTemplates() async throws {
        let shop = TestCaller.v1.with("X-Project", "shop")
        try await run([
            .post("/v1/templates", ["agent_id": "{agent_id}", "name": "support"], as: shop, expect: 201),
            .post(
                "/v1/_internal_templates/blocks",
                [
                    "label": "part", "value": "x", "template_id": "t", "base_template_id": "t",
                    "deployment_id": "dep-1", "entity_id": "e",
                ], expect: 200),
        ])
        self["project_id"] = "shop"
        self["template_name"] = "support"
        self["template_version"] = "support:1"
        self["deployment_id"] = "dep-1"
        try await seedBatch()
    }

    /// A batch that has ended, and a token.
    private func seedBatch() async throws {
        _ = try await until("/v1/messages/batches/{batch_id}") { $0["status"] == "completed" }
        let token = try await send(
            .post, "/v1/client-side-access-tokens",
            [
                "hostname": "https://example.org",
                "policy": [["type": "agent", "id": "{agent_id}", "access": ["read_agent"]]],
            ])
        self["token"] = try #require(
            token.json["token"]?.string.map { String($0.prefix { $0 != "." }) }, "\(token.text)")
    }

    private func seedToolSettings() async throws {
        try await run([
            .post("/v1/sandbox-config/local/default", expect: 200).keep("sandbox_config_id"),
            .post(
                "/v1/sandbox-config/{sandbox_config_id}/environment-variable", ["key": "A", "value": "a"], expect: 200
            ).keep("env_var_id"),
            .put("/v1/tools/mcp/servers", ["server_name": "git", "command": "c", "args": []], expect: 200),
        ])
        self["mcp_server_name"] = "git"
        self["mcp_tool_name"] = "x"
        let servers = try await get("/v1/mcp-servers/").json.array
        self["mcp_server_id"] = try #require(servers?.first { $0["server_name"] == "git" }?["id"]?.string)
        let tools = try await get("/v1/agents/{agent_id}/tools").ids
        self["second_tool_id"] = try #require(tools.last)
        try await giveTool(self["tool_id"], toServer: self["mcp_server_id"])
    }

    /// What reading a path gives: the seeded MCP server has a command that no operator listed, no browser comes back, and
    /// nobody asks for a stream.
    static func status(ofReading path: String) -> Int {
        if path == "/v1/server/events" { return 406 }
        return ["/v1/tools/mcp/servers/{mcp_server_name}/tools", "/v1/tools/mcp/oauth/callback"].contains(path)
            ? 400 : 200
    }

    /// Stores that a tool is one of an MCP server's.
    func giveTool(_ tool: String, toServer server: String) async throws {
        try await storage.write { db in
            _ = try db.execute(
                """
                INSERT INTO mcp_server_tool (organization_id, tool_id, mcp_server_id)
                SELECT organization_id, \(tool), id FROM mcp_server WHERE id = \(server)
                """)
        }
    }
}
