import JSON
import LettaAPI
import LettaClient

/// Adds to the agent file of another server what its files lack and its API has: archival memory, conversations and
/// identities.
struct FileCompletion {
    /// Somebody whom agents know.
    struct Identity: Sendable {
        var entry: JSONObject
        /// The ids of the agents on the server.
        var agents: Set<String>
    }

    private let server: RunningServer
    /// The ids of agents on the server by those in the file.
    private let ids: [String: String]
    private let identities: [Identity]
    private(set) var file: JSONObject
    private var archives: [JSONValue] = []
    private var blocks: [JSONValue]
    private var known: [JSONValue] = []
    private var conversations = 0

    init(_ file: JSONObject, of ids: [String: String], _ identities: [Identity], from server: RunningServer) {
        self.file = file
        self.ids = ids
        self.identities = identities
        self.server = server
        blocks = file["blocks"]?.array ?? []
    }

    mutating func run() async throws {
        var agents = file["agents"]?.array ?? []
        for index in agents.indices {
            guard var agent = agents[index].object, let id = ids[agent["id"]?.string ?? ""] else { continue }
            try await addArchive(to: &agent, id)
            try await addConversations(to: &agent, id)
            addIdentities(to: &agent, id)
            agents[index] = .object(agent)
        }
        file["agents"] = .array(agents)
        file["archives"] = .array(archives)
        file["identities"] = .array(known)
        file["blocks"] = .array(blocks)
    }

    private mutating func addArchive(to agent: inout JSONObject, _ id: String) async throws {
        let passages = try await server.passages(of: id)
        guard !passages.isEmpty else { return }
        let archive = JSONValue.string("archive-\(archives.count)")
        let name = JSONValue.string("\(agent["name"]?.string ?? "")'s archive")
        let entries = passages.map { $0.members("text", "tags", "metadata", "created_at") }
        var entry: JSONObject = ["id": archive, "name": name, "passages": .array(entries.map { .object($0) })]
        entry["embedding_config"] = passages[0]["embedding_config"] ?? .null
        archives.append(.object(entry))
        agent["archive_ids"] = [archive]
    }

    private mutating func addIdentities(to agent: inout JSONObject, _ id: String) {
        let own = identities.filter { $0.agents.contains(id) }
        for identity in own where !known.contains(.object(identity.entry)) { known.append(.object(identity.entry)) }
        agent["identities"] = .array(own.map { $0.entry["id"] ?? .null })
    }

    // MARK: Conversations

    private mutating func addConversations(to agent: inout JSONObject, _ id: String) async throws {
        var entries: [JSONValue] = []
        for conversation in try await server.conversations(of: id) {
            guard let conversationID = conversation["id"]?.string else { continue }
            let exported = try await server.export(id, conversation: conversationID)["agents"]?[0]
            var entry = conversation.members("summary", "model", "model_settings")
            entry["id"] = .string("conversation-\(conversations)")
            entry["messages"] = .array((exported?["messages"]?.array ?? []).map(renamed))
            entry["in_context_message_ids"] = .array((exported?["in_context_message_ids"]?.array ?? []).map(place))
            entry["isolated_blocks"] = .array(try await isolatedBlocks(of: conversation))
            conversations += 1
            entries.append(.object(entry))
        }
        agent["conversations"] = .array(entries)
    }

    /// Each file counts its messages anew: those of a conversation get a name of their own.
    private func place(_ message: JSONValue) -> JSONValue {
        .string("conversation-\(conversations)-\(message.string ?? "")")
    }

    private func renamed(_ message: JSONValue) -> JSONValue {
        guard var entry = message.object else { return message }
        for name in ["id", "approval_request_id"] where entry[name]?.string != nil {
            entry[name] = place(entry[name] ?? .null)
        }
        return .object(entry)
    }

    private mutating func isolatedBlocks(of conversation: JSONValue) async throws -> [JSONValue] {
        var isolated: [JSONValue] = []
        for id in (conversation["isolated_block_ids"]?.array ?? []).compactMap(\.string) {
            let block = try await server.block(id)
            var entry = block.members("label", "value", "limit", "description", "metadata", "read_only")
            entry["id"] = .string("conversation-\(conversations)-\(id)")
            blocks.append(.object(entry))
            isolated.append(["label": entry["label"] ?? .null, "block_id": entry["id"] ?? .null])
        }
        return isolated
    }
}

/// What is asked for beside the files.
extension RunningServer {
    private static let passages = Endpoint<ID<AgentState>, Page, NoBody, JSONValue>(
        .get, "/v1/agents/{agent_id}/archival-memory", "Lists archival memory.")
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

    func conversations(of agent: String) async throws -> [JSONValue] {
        try await ifServed {
            try await all(Page(agentID: agent)) { try await client.call(Self.conversations, query: $0) }
        }
    }

    func block(_ id: String) async throws -> JSONValue {
        try await client.call(Self.blocks, path: ID(id))
    }

    func identities() async throws -> [FileCompletion.Identity] {
        var identities: [FileCompletion.Identity] = []
        for identity in try await ifServed({ try await all { try await client.call(Self.identities, query: $0) } }) {
            guard let id = identity["id"]?.string else { continue }
            let agents = try await ifServed {
                try await all { try await client.call(Self.agentsOfIdentity, path: ID(id), query: $0) }
            }
            let listed =
                agents.compactMap { $0["id"]?.string } + (identity["agent_ids"]?.array ?? []).compactMap(\.string)
            identities.append(
                .init(
                    entry: identity.members("id", "identifier_key", "name", "identity_type", "properties"),
                    agents: Set(listed)))
        }
        return identities
    }

    /// Nothing where the server is of a version that does not have such things yet.
    private func ifServed(_ list: () async throws -> [JSONValue]) async throws -> [JSONValue] {
        do {
            return try await list()
        } catch let error as LettaClientError where [404, 405].contains(error.status) {
            return []
        }
    }
}

extension JSONValue {
    /// Some members of an object, those that it has.
    fileprivate func members(_ names: String...) -> JSONObject {
        var members = JSONObject()
        for name in names {
            if let value = self[name], !value.isNull { members[name] = value }
        }
        return members
    }
}
