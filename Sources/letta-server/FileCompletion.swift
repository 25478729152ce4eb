import JSON
import LettaAPI
import LettaClient
import LettaServer

/// Adds to the agent file of another server what its files lack and its API has: archival memory, conversations, identities,
/// values of secrets, and the ids of messages.
struct FileCompletion {
    /// Somebody whom agents know.
    struct Identity: Sendable {
        var entry: JSONObject
        /// The ids of the agents on the server.
        var agents: Set<String>
    }

    private let server: RunningServer
    /// The agents as the server lists them, by their ids in the file.
    private let agents: [String: JSONValue]
    private let identities: [Identity]
    private(set) var file: JSONObject
    private var archives: [JSONValue] = []
    private var blocks: [JSONValue]
    private var known: [JSONValue] = []
    /// Where the messages come from whose ids are those of the server.
    private(set) var messages: [String: AgentTransfer.Source.Origin] = [:]
    /// Their ids are those of the server.
    private(set) var conversations: Set<String> = []

    init(_ file: JSONObject, of agents: [String: JSONValue], _ identities: [Identity], from server: RunningServer) {
        self.file = file
        self.agents = agents
        self.identities = identities
        self.server = server
        blocks = file["blocks"]?.array ?? []
    }

    mutating func run() async throws {
        var agents = file["agents"]?.array ?? []
        for index in agents.indices {
            guard var agent = agents[index].object, let listed = self.agents[agent["id"]?.string ?? ""],
                let id = listed["id"]?.string
            else { continue }
            addSecrets(to: &agent, listed)
            try await addMessageIDs(to: &agent, listed, id)
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

    /// Files have the names alone.
    private func addSecrets(to agent: inout JSONObject, _ listed: JSONValue) {
        let secrets = listed["secrets"]?.array ?? listed["tool_exec_environment_variables"]?.array ?? []
        guard !secrets.isEmpty else { return }
        var values = JSONObject()
        for secret in secrets { if let name = secret["key"]?.string { values[name] = secret["value"] ?? "" } }
        agent["secrets"] = .object(values)
    }

    private mutating func addIdentities(to agent: inout JSONObject, _ id: String) {
        let own = identities.filter { $0.agents.contains(id) }
        for identity in own where !known.contains(.object(identity.entry)) { known.append(.object(identity.entry)) }
        agent["identities"] = .array(own.map { $0.entry["id"] ?? .null })
    }

    // MARK: Messages

    private mutating func addMessageIDs(to agent: inout JSONObject, _ listed: JSONValue, _ id: String) async throws {
        let ids = MessageIDs(
            of: agent["messages"]?.array ?? [],
            context: (agent["in_context_message_ids"]?.array ?? []).compactMap(\.string),
            (listed["message_ids"]?.array ?? []).compactMap(\.string), listed: try await server.messages(of: id))
        rename(&agent, ids) { $0 }
    }

    /// Gives the messages of an agent or a conversation the ids of the server, and others a name of their own.
    private mutating func rename(_ entry: inout JSONObject, _ ids: MessageIDs, _ other: (String) -> String) {
        func name(_ place: JSONValue?) -> JSONValue {
            guard let place = place?.string else { return .null }
            return .string(ids.known[place]?.id ?? other(place))
        }
        let renamed = (entry["messages"]?.array ?? []).map { message -> JSONValue in
            guard var message = message.object else { return message }
            for member in ["id", "approval_request_id"] where message[member]?.string != nil {
                message[member] = name(message[member])
            }
            return .object(message)
        }
        entry["messages"] = .array(renamed)
        entry["in_context_message_ids"] = .array((entry["in_context_message_ids"]?.array ?? []).map { name($0) })
        for message in ids.known.values { messages[message.id] = message.origin }
    }

    // MARK: Conversations

    private mutating func addConversations(to agent: inout JSONObject, _ id: String) async throws {
        var entries: [JSONValue] = []
        for conversation in try await server.conversations(of: id) {
            guard let conversationID = conversation["id"]?.string else { continue }
            let exported = try await server.export(id, conversation: conversationID)["agents"]?[0]
            var entry = conversation.members("summary", "model", "model_settings")
            entry["id"] = .string(conversationID)
            entry["messages"] = exported?["messages"] ?? []
            entry["in_context_message_ids"] = exported?["in_context_message_ids"] ?? []
            let ids = MessageIDs(
                of: entry["messages"]?.array ?? [],
                context: (entry["in_context_message_ids"]?.array ?? []).compactMap(\.string),
                (conversation["in_context_message_ids"]?.array ?? []).compactMap(\.string),
                listed: try await server.messages(ofConversation: conversationID))
            // Each file counts its messages anew.
            rename(&entry, ids) { "\(conversationID) \($0)" }
            entry["isolated_blocks"] = .array(try await isolatedBlocks(of: conversation, conversationID))
            conversations.insert(conversationID)
            entries.append(.object(entry))
        }
        agent["conversations"] = .array(entries)
    }

    private mutating func isolatedBlocks(
        of conversation: JSONValue, _ conversationID: String
    ) async throws -> [JSONValue] {
        var isolated: [JSONValue] = []
        for id in (conversation["isolated_block_ids"]?.array ?? []).compactMap(\.string) {
            let block = try await server.block(id)
            var entry = block.members("label", "value", "limit", "description", "metadata", "read_only")
            entry["id"] = .string("\(conversationID) \(id)")
            blocks.append(.object(entry))
            isolated.append(["label": entry["label"] ?? .null, "block_id": entry["id"] ?? .null])
        }
        return isolated
    }
}
