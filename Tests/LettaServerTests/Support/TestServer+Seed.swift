import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

let model: JSONValue = "openai-proxy/gpt-4o-mini"

extension TestServer {
    /// Creates an agent and returns its id.
    @discardableResult
    func newAgent(
        _ name: String, _ fields: JSONObject = [:], as caller: TestCaller = .v1
    ) async throws -> String {
        var body: JSONObject = ["name": .string(name), "model": LettaServerTests.model]
        for (key, value) in fields { body[key] = value }
        let answer = try await send(.post, "/v1/agents/", .object(body), as: caller)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.id
    }

    /// Creates a block and returns its id.
    @discardableResult
    func newBlock(
        _ label: String, _ value: String = "", _ fields: JSONObject = [:], as caller: TestCaller = .v1
    ) async throws -> String {
        var body: JSONObject = ["label": .string(label), "value": .string(value)]
        for (key, field) in fields { body[key] = field }
        let answer = try await send(.post, "/v1/blocks/", .object(body), as: caller)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.id
    }

    /// The text of an agent's stored system message.
    func systemMessage(of agent: String) async throws -> String {
        let context = try await get("/v1/agents/\(agent)/context")
        return try #require(context.json["messages"]?[0]?["content"]?[0]?["text"]?.string, "\(context.text)")
    }

    /// Everything clients can see of blocks and agents, to find out whether something changed.
    func everything() async throws -> [String] {
        var pages: [String] = []
        for path in [
            "/v1/agents/?limit=0&show_hidden_agents=true", "/v1/blocks/?limit=0",
            "/v1/blocks/?limit=0&templates_only=true",
            "/v1/tags/?limit=0", "/v1/archives/?limit=0",
        ] {
            pages.append(try await get(path, as: .legacy).text)
        }
        let counts = try await storage.read { db in
            try [
                "agent", "block", "block_version", "message", "agent_secret", "agent_tag", "deleted_key", "archive",
                "agent_archive", "passage", "passage_tag", "passage_words", "identity", "agent_identity",
                "block_identity", "agent_group", "agent_group_member", "agent_group_block", "conversation",
                "conversation_message", "conversation_block",
                "folder", "folder_file", "file_content", "folder_passage", "agent_folder", "agent_file", "job",
                "provider",
                "sandbox_config", "sandbox_variable", "mcp_server", "mcp_server_tool",
                "project", "template", "template_version",
            ].map { table in
                try db.value("SELECT COUNT(*) FROM \(SQLText(stringLiteral: table))") ?? 0
            }
        }
        return pages + counts.map { "\($0)" }
    }

    /// Adds an organization with one user beside those that are there, and returns the caller that user is.
    func addOrganization() async throws -> TestCaller {
        let organization = try await send(.post, "/v1/admin/orgs/", ["name": "others"]).expect(200)
        let user = try await send(
            .post, "/v1/admin/users/", ["name": "somebody", "organization_id": .string(organization.id)]
        ).expect(200)
        return .user(user.id)
    }
}
