import JSON
import LettaAPI
import LettaClient

/// What is asked for beside the files.
extension RunningServer {
    private static let messages = Endpoint<ID<AgentState>, Page, NoBody, JSONValue>(
        .get, "/v1/agents/{agent_id}/messages", "Lists messages.")
    private static let talk = Endpoint<ID<Conversation>, Page, NoBody, JSONValue>(
        .get, "/v1/conversations/{conversation_id}/messages", "Lists the messages of a conversation.")
    private static let providers = Endpoint<NoPath, Page, NoBody, JSONValue>(
        .get, "/v1/providers/", "Lists providers.")
    private static let runs = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/runs/", "Lists runs.")
    private static let steps = Endpoint<ID<Run>, Page, NoBody, JSONValue>(
        .get, "/v1/runs/{run_id}/steps", "Lists the steps of a run.")
    private static let passages = Endpoint<ID<AgentState>, Page, NoBody, JSONValue>(
        .get, "/v1/agents/{agent_id}/archival-memory", "Lists archival memory.")
    private static let archives = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/archives/", "Lists archives.")
    private static let tools = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/tools/", "Lists tools.")
    private static let mcpServers = Endpoint<NoPath, Page, NoBody, JSONValue>(
        .get, "/v1/mcp-servers/", "Lists MCP servers.")
    private static let toolsOfServer = Endpoint<ID<MCPServer>, Page, NoBody, JSONValue>(
        .get, "/v1/mcp-servers/{mcp_server_id}/tools", "Lists the tools of an MCP server.")
    private static let allBlocks = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/blocks/", "Lists blocks.")
    private static let folders = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/sources/", "Lists folders.")
    private static let files = Endpoint<ID<Folder>, Page, NoBody, JSONValue>(
        .get, "/v1/sources/{source_id}/files", "Lists the files of a folder.")
    private static let filePassages = Endpoint<ID<Folder>, Page, NoBody, JSONValue>(
        .get, "/v1/sources/{source_id}/passages", "Lists the passages of a folder.")
    private static let sandboxes = Endpoint<NoPath, Page, NoBody, JSONValue>(
        .get, "/v1/sandbox-config/", "Lists sandbox settings.")
    private static let variables = Endpoint<ID<SandboxConfig>, Page, NoBody, JSONValue>(
        .get, "/v1/sandbox-config/{sandbox_config_id}/environment-variable", "Lists the variables of a sandbox.")
    private static let groups = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/groups/", "Lists groups.")
    private static let jobs = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/jobs/", "Lists jobs.")
    private static let search = Endpoint<NoPath, NoQuery, JSONValue, JSONValue>(
        .post, "/v1/passages/search", "Searches passages.")
    private static let conversations = Endpoint<NoPath, Page, NoBody, JSONValue>(
        .get, "/v1/conversations/", "Lists conversations.")
    private static let blocks = Endpoint<ID<Block>, NoQuery, NoBody, JSONValue>(
        .get, "/v1/blocks/{block_id}", "Retrieves a block.")
    private static let identities = Endpoint<NoPath, Page, NoBody, JSONValue>(
        .get, "/v1/identities/", "Lists identities.")
    private static let agentsOfIdentity = Endpoint<ID<Identity>, Page, NoBody, JSONValue>(
        .get, "/v1/identities/{identity_id}/agents", "Lists the agents of an identity.")

    func passages(of agent: String) async throws -> [JSONValue] {
        try await all { try await client.call(Self.passages, path: ID(agent), query: $0) }
    }

    /// - Parameter agent: nil for the archives of all agents and of none.
    /// - Returns: nil where the server has no archives yet.
    func archives(of agent: String? = nil) async throws -> [JSONValue]? {
        try await ifServed {
            try await all(Page(agentID: agent)) { try await client.call(Self.archives, query: $0) }
        }
    }

    func conversations(of agent: String) async throws -> [JSONValue] {
        try await ifServed {
            try await all(Page(agentID: agent)) { try await client.call(Self.conversations, query: $0) }
        } ?? []
    }

    /// Nil for one that does not exist.
    func block(_ id: String) async throws -> JSONValue? {
        do {
            return try await client.call(Self.blocks, path: ID(id))
        } catch let error as LettaClientError where error.status == 404 {
            return nil
        }
    }

    /// Oldest first.
    func messages(of agent: String) async throws -> [ListedMessage] {
        // Otherwise what an agent says by a tool is shown without the tool's result.
        let elements = try await all(Page(useAssistantMessage: false)) {
            try await client.call(Self.messages, path: ID(agent), query: $0)
        }
        return ListedMessage.messages(elements)
    }

    /// Oldest first.
    func messages(ofConversation id: String) async throws -> [ListedMessage] {
        ListedMessage.messages(
            try await all { try await client.call(Self.talk, path: ID(id), query: $0) })
    }

    // MARK: What stands for itself

    func tools() async throws -> [JSONValue] { try await all { try await client.call(Self.tools, query: $0) } }

    /// With the ids of their tools, as rows of a database.
    func mcpServers() async throws -> [JSONValue]? {
        let servers = try await ifServed { try await all { try await client.call(Self.mcpServers, query: $0) } }
        guard let servers else { return nil }
        var rows: [JSONValue] = []
        for server in servers {
            guard var row = server.object, let id = row["id"]?.string else { continue }
            let tools = try await all { try await client.call(Self.toolsOfServer, path: ID(id), query: $0) }
            row["tools"] = .array(tools.compactMap { $0["id"] })
            row["server_type"] = row["mcp_server_type"]
            row["stdio_config"] = .object(server.members("command", "args", "env"))
            row["token"] = row["auth_token"]
            for member in ["env", "auth_token"] { row[member] = nil }
            rows.append(.object(row))
        }
        return rows
    }

    /// With those of templates, which are a list of their own.
    func blocks() async throws -> [JSONValue] {
        let own = try await all(Page(showHiddenBlocks: true)) { try await client.call(Self.allBlocks, query: $0) }
        return own
            + (try await all(Page(showHiddenBlocks: true, templatesOnly: true)) {
                try await client.call(Self.allBlocks, query: $0)
            })
    }

    func folders() async throws -> [JSONValue] { try await all { try await client.call(Self.folders, query: $0) } }

    /// The ids of folders and files by their names.
    func files() async throws -> FolderIDs {
        var ids = FolderIDs()
        for folder in try await folders() {
            guard let id = folder["id"]?.string, let name = folder["name"]?.string else { continue }
            ids.folders[name] = id
            let files = try await all { try await client.call(Self.files, path: ID(id), query: $0) }
            ids.files[id] = Dictionary(
                files.map { ($0["file_name"]?.string ?? "", $0["id"]?.string ?? "") }
            ) { first, _ in first }
        }
        return ids
    }

    /// Calls `body` with some files at a time, with their texts.
    func files(of folder: String, _ body: ([JSONValue]) async throws -> Void) async throws {
        let first = Page(limit: 10, includeContent: true)
        try await pages(first, { try await client.call(Self.files, path: ID(folder), query: $0) }, body)
    }

    func filePassages(of folder: String, _ body: ([JSONValue]) async throws -> Void) async throws {
        try await pages(Page(), { try await client.call(Self.filePassages, path: ID(folder), query: $0) }, body)
    }

    /// With their variables.
    func sandboxes() async throws -> [JSONValue]? {
        let sandboxes = try await ifServed { try await all { try await client.call(Self.sandboxes, query: $0) } }
        guard let sandboxes else { return nil }
        var rows: [JSONValue] = []
        for sandbox in sandboxes {
            guard var row = sandbox.object, let id = row["id"]?.string else { continue }
            row["variables"] = .array(
                try await all { try await client.call(Self.variables, path: ID(id), query: $0) })
            rows.append(.object(row))
        }
        return rows
    }

    func groups() async throws -> [JSONValue]? {
        try await ifServed {
            try await all(Page(showHiddenGroups: true)) { try await client.call(Self.groups, query: $0) }
        }
    }

    /// The passages of an archive that no agent has: as many as a search shows.
    func passages(ofArchive archive: String) async throws -> [JSONValue] {
        let body: JSONObject = ["archive_id": .string(archive), "limit": .int(Int64(Self.mostFound))]
        let found = try await ifServed {
            try await client.call(Self.search, body: .object(body)).array ?? []
        }
        return (found ?? []).compactMap { $0["passage"] }
    }

    static let mostFound = 100

    /// Calls `body` with some passages of an agent's archives at a time.
    func passages(of agent: String, _ body: ([JSONValue]) async throws -> Void) async throws {
        try await pages(Page(), { try await client.call(Self.passages, path: ID(agent), query: $0) }, body)
    }

    func jobs(_ body: ([JSONValue]) async throws -> Void) async throws {
        try await pages(Page(), { try await client.call(Self.jobs, query: $0) }, body)
    }

    func providers() async throws -> [JSONValue]? {
        try await ifServed { try await all { try await client.call(Self.providers, query: $0) } }
    }

    /// Calls `body` with some runs at a time, and with their steps, which have the times of their runs.
    func runs(_ body: (_ runs: [JSONValue], _ steps: [JSONValue]) async throws -> Void) async throws {
        try await pages(Page(), { try await client.call(Self.runs, query: $0) }) { runs in
            var steps: [JSONValue] = []
            for run in runs {
                guard let id = run["id"]?.string else { continue }
                let own = try await all { try await client.call(Self.steps, path: ID(id), query: $0) }
                steps += own.compactMap(\.object).map { step in
                    var step = step
                    step["created_at"] = run["created_at"] ?? .null
                    return .object(step)
                }
            }
            try await body(runs, steps)
        }
    }

    func identities() async throws -> [JSONValue]? {
        let listed = try await ifServed { try await all { try await client.call(Self.identities, query: $0) } }
        return listed?.map { identity in
            guard var row = identity.object else { return identity }
            row["blocks"] = row["block_ids"]
            return .object(row)
        }
    }

    func agentsOfIdentities() async throws -> [FileCompletion.Identity] {
        var identities: [FileCompletion.Identity] = []
        for identity in try await self.identities() ?? [] {
            guard let id = identity["id"]?.string else { continue }
            let agents =
                try await ifServed {
                    try await all { try await client.call(Self.agentsOfIdentity, path: ID(id), query: $0) }
                } ?? []
            let listed =
                agents.compactMap { $0["id"]?.string } + (identity["agent_ids"]?.array ?? []).compactMap(\.string)
            identities.append(
                .init(
                    entry: identity.members("id", "identifier_key", "name", "identity_type", "properties"),
                    agents: Set(listed)))
        }
        return identities
    }

    /// Nil where the server is of a version that does not have such things yet.
    private func ifServed(_ list: () async throws -> [JSONValue]) async throws -> [JSONValue]? {
        do {
            return try await list()
        } catch let error as LettaClientError where [404, 405].contains(error.status) {
            return nil
        }
    }
}

/// The ids of a server's folders and files.
struct FolderIDs: Sendable {
    /// By their names.
    var folders: [String: String] = [:]
    /// By their folder's id, then by their names.
    var files: [String: [String: String]] = [:]
}

extension JSONValue {
    /// Some members of an object, those that it has.
    func members(_ names: String...) -> JSONObject {
        var members = JSONObject()
        for name in names {
            if let value = self[name], !value.isNull { members[name] = value }
        }
        return members
    }
}
