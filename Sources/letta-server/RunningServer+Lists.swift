import JSON
import LettaAPI
import LettaClient

/// What is asked for beside the files.
extension RunningServer {
    private typealias List = Endpoint<NoPath, Page, NoBody, JSONValue>
    private typealias ListOf<Owner: Resource> = Endpoint<ID<Owner>, Page, NoBody, JSONValue>

    private static func list(_ path: String) -> List { List(.get, path, "A list of the server.") }

    private static func list<Owner>(_ path: String, of owner: Owner.Type) -> ListOf<Owner> {
        ListOf(.get, path, "A list of the server.")
    }

    private static let messages = list("/v1/agents/{agent_id}/messages", of: AgentState.self)
    private static let talk = list("/v1/conversations/{conversation_id}/messages", of: Conversation.self)
    private static let providers = list("/v1/providers/")
    private static let runs = list("/v1/runs/")
    private static let steps = list("/v1/runs/{run_id}/steps", of: Run.self)
    private static let passages = list("/v1/agents/{agent_id}/archival-memory", of: AgentState.self)
    private static let archives = list("/v1/archives/")
    private static let tools = list("/v1/tools/")
    private static let mcpServers = list("/v1/mcp-servers/")
    private static let toolsOfServer = list("/v1/mcp-servers/{mcp_server_id}/tools", of: MCPServer.self)
    private static let allBlocks = list("/v1/blocks/")
    private static let folders = list("/v1/sources/")
    private static let files = list("/v1/sources/{source_id}/files", of: Folder.self)
    private static let filePassages = list("/v1/sources/{source_id}/passages", of: Folder.self)
    private static let sandboxes = list("/v1/sandbox-config/")
    private static let variables = list(
        "/v1/sandbox-config/{sandbox_config_id}/environment-variable", of: SandboxConfig.self)
    private static let groups = list("/v1/groups/")
    private static let jobs = list("/v1/jobs/")
    private static let search = Endpoint<NoPath, NoQuery, JSONValue, JSONValue>(
        .post, "/v1/passages/search", "Searches passages.")
    private static let conversations = list("/v1/conversations/")
    private static let blocks = Endpoint<ID<Block>, NoQuery, NoBody, JSONValue>(
        .get, "/v1/blocks/{block_id}", "Retrieves a block.")
    private static let identities = list("/v1/identities/")
    private static let agentsOfIdentity = list("/v1/identities/{identity_id}/agents", of: Identity.self)

    private func all(_ list: List, _ first: Page = Page()) async throws -> [JSONValue] {
        try await all(first) { try await client.call(list, query: $0) }
    }

    private func all<Owner>(
        _ list: ListOf<Owner>, of id: String, _ first: Page = Page()
    ) async throws -> [JSONValue] {
        try await all(first) { try await client.call(list, path: ID(id), query: $0) }
    }

    func passages(of agent: String) async throws -> [JSONValue] {
        try await all(Self.passages, of: agent)
    }

    /// - Parameter agent: nil for the archives of all agents and of none.
    /// - Returns: nil where the server has no archives yet.
    func archives(of agent: String? = nil) async throws -> [JSONValue]? {
        try await ifServed {
            try await all(Self.archives, Page(agentID: agent))
        }
    }

    func conversations(of agent: String) async throws -> [JSONValue] {
        try await ifServed {
            try await all(Self.conversations, Page(agentID: agent))
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
        let elements = try await all(Self.messages, of: agent, Page(useAssistantMessage: false))
        return ListedMessage.messages(elements)
    }

    /// Oldest first.
    func messages(ofConversation id: String) async throws -> [ListedMessage] {
        ListedMessage.messages(
            try await all(Self.talk, of: id))
    }

    // MARK: What stands for itself

    func tools() async throws -> [JSONValue] { try await all(Self.tools) }

    /// With the ids of their tools, as rows of a database.
    func mcpServers() async throws -> [JSONValue]? {
        let servers = try await ifServed { try await all(Self.mcpServers) }
        guard let servers else { return nil }
        var rows: [JSONValue] = []
        for server in servers {
            guard var row = server.object, let id = row["id"]?.string else { continue }
            let tools = try await all(Self.toolsOfServer, of: id)
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
        let own = try await all(Self.allBlocks, Page(showHiddenBlocks: true))
        return own
            + (try await all(Self.allBlocks, Page(showHiddenBlocks: true, templatesOnly: true)))
    }

    func folders() async throws -> [JSONValue] { try await all(Self.folders) }

    /// The ids of folders and files by their names.
    func files() async throws -> FolderIDs {
        var ids = FolderIDs()
        for folder in try await folders() {
            guard let id = folder["id"]?.string, let name = folder["name"]?.string else { continue }
            ids.folders[name] = id
            let files = try await all(Self.files, of: id)
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
        let sandboxes = try await ifServed { try await all(Self.sandboxes) }
        guard let sandboxes else { return nil }
        var rows: [JSONValue] = []
        for sandbox in sandboxes {
            guard var row = sandbox.object, let id = row["id"]?.string else { continue }
            row["variables"] = .array(
                try await all(Self.variables, of: id))
            rows.append(.object(row))
        }
        return rows
    }

    func groups() async throws -> [JSONValue]? {
        try await ifServed {
            try await all(Self.groups, Page(showHiddenGroups: true))
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
        try await ifServed { try await all(Self.providers) }
    }

    /// Calls `body` with some runs at a time, and with their steps, which have the times of their runs.
    func runs(_ body: (_ runs: [JSONValue], _ steps: [JSONValue]) async throws -> Void) async throws {
        try await pages(Page(), { try await client.call(Self.runs, query: $0) }) { runs in
            var steps: [JSONValue] = []
            for run in runs {
                guard let id = run["id"]?.string else { continue }
                let own = try await all(Self.steps, of: id)
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
        let listed = try await ifServed { try await all(Self.identities) }
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
                    try await all(Self.agentsOfIdentity, of: id)
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
