import JSON
import LettaAPI
import LettaClient
import LettaServer

/// Adds to the agent file of a server what files lack and its API has: archives, conversations, identities, values of
/// secrets, and the ids of what the file counts.
struct FileCompletion {
    /// Somebody whom agents know.
    struct Identity: Sendable {
        var entry: JSONObject
        /// The ids of the agents on the server.
        var agents: Set<String>
    }

    private let server: RunningServer
    /// The agent as the server lists it.
    private let listed: JSONValue
    private let identities: [Identity]
    private let folders: FolderIDs
    private(set) var file: JSONObject
    private var archives: [JSONValue] = []
    private var blocks: [JSONValue]
    private var known: [JSONValue] = []
    /// Where the messages come from whose ids are those of the server.
    private(set) var messages: [String: AgentTransfer.Source.Origin] = [:]
    /// The blocks, folders, files, archives and conversations whose ids are those of the server.
    private(set) var rows: Set<String> = []

    init(
        _ file: JSONObject, of listed: JSONValue, _ identities: [Identity], _ folders: FolderIDs,
        from server: RunningServer
    ) {
        self.file = file
        self.listed = listed
        self.identities = identities
        self.folders = folders
        self.server = server
        blocks = file["blocks"]?.array ?? []
    }

    mutating func run() async throws {
        keepAgent()
        renameBlocks()
        renameFolders()
        guard var agent = file["agents"]?[0]?.object, let id = listed["id"]?.string else { return }
        addSecrets(to: &agent)
        let conversations = try await server.conversations(of: id)
        var talks: [String: [ListedMessage]] = [:]
        for conversation in conversations.compactMap({ $0["id"]?.string }) {
            talks[conversation] = try await server.messages(ofConversation: conversation)
        }
        try await addMessages(to: &agent, id, notIn: Set(talks.values.joined().map(\.id)))
        try await addArchives(to: &agent, id)
        try await addConversations(conversations, talks, to: &agent, id)
        addIdentities(to: &agent, id)
        file["agents"] = [.object(agent)]
        file["archives"] = .array(archives)
        file["identities"] = .array(known)
        file["blocks"] = .array(blocks)
        // They are listed, also those that no agent manages.
        file["groups"] = []
    }

    /// The file of an agent that manages others has those too. They have files of their own, and what only they, or
    /// conversations, have is listed.
    private mutating func keepAgent() {
        let agents = file["agents"]?.array ?? []
        let named = agents.first { $0["name"]?.string == listed["name"]?.string }
        guard let agent = named ?? agents.first else { return }
        file["agents"] = [agent]
        for (list, member) in [("blocks", "block_ids"), ("sources", "source_ids"), ("tools", "tool_ids")] {
            keep(list, "id", (agent[member]?.array ?? []).compactMap(\.string))
        }
        keep("files", "source_id", (agent["source_ids"]?.array ?? []).compactMap(\.string))
    }

    private mutating func keep(_ list: String, _ member: String, _ values: [String]) {
        let values = Set(values)
        let all = file[list]?.array ?? []
        file[list] = .array(all.filter { values.contains($0[member]?.string ?? "") })
    }

    // MARK: Blocks, folders and files

    /// The agent's own list tells which block has a label.
    private mutating func renameBlocks() {
        let own = listed["blocks"]?.array ?? listed["memory"]?["blocks"]?.array ?? []
        let ids = Dictionary(own.map { ($0["label"]?.string ?? "", $0["id"]?.string) }) { first, _ in first }
        let all = Self.values(of: "label", byIDsOf: file["blocks"]?.array ?? [])
        let renamed = all.compactMapValues { ids[$0] ?? nil }
        rename(renamed, "blocks", "id")
        rename(renamed, "agents", "block_ids")
        blocks = file["blocks"]?.array ?? []
    }

    private mutating func renameFolders() {
        let (sources, files) = (file["sources"]?.array ?? [], file["files"]?.array ?? [])
        let folders = Self.values(of: "name", byIDsOf: sources).compactMapValues { self.folders.folders[$0] }
        var ids: [String: String] = [:]
        for file in files {
            guard let place = file["id"]?.string, let folder = folders[file["source_id"]?.string ?? ""],
                let name = file["file_name"]?.string
            else { continue }
            ids[place] = self.folders.files[folder]?[name]
        }
        rename(folders, "sources", "id")
        rename(folders, "files", "source_id")
        rename(ids, "files", "id")
        rename(folders, "agents", "source_ids")
        let agents = (file["agents"]?.array ?? []).map { agent -> JSONValue in
            guard var agent = agent.object else { return agent }
            let open = Self.renamed(agent["files_agents"]?.array ?? [], folders, "source_id")
            agent["files_agents"] = .array(Self.renamed(open, ids, "file_id"))
            return .object(agent)
        }
        file["agents"] = .array(agents)
    }

    /// A member of each element by the element's id.
    private static func values(of member: String, byIDsOf elements: [JSONValue]) -> [String: String] {
        Dictionary(elements.map { ($0["id"]?.string ?? "", $0[member]?.string ?? "") }) { first, _ in first }
    }

    /// Replaces the ids that a member of each element of a list of the file has.
    private mutating func rename(_ ids: [String: String], _ list: String, _ member: String) {
        file[list] = .array(Self.renamed(file[list]?.array ?? [], ids, member))
        rows.formUnion(ids.values)
    }

    private static func renamed(_ elements: [JSONValue], _ ids: [String: String], _ member: String) -> [JSONValue] {
        func name(_ place: JSONValue) -> JSONValue { place.string.flatMap { ids[$0] }.map { .string($0) } ?? place }
        return elements.map { element in
            guard var element = element.object, let value = element[member] else { return element }
            element[member] = value.array.map { .array($0.map(name)) } ?? name(value)
            return .object(element)
        }
    }

    // MARK: Archives

    private mutating func addArchives(to agent: inout JSONObject, _ id: String) async throws {
        guard let own = try await server.archives(of: id) else { return try await addPassages(to: &agent, id) }
        var passages: [String?: [JSONValue]] = [:]
        if server.countsPassages {
            passages = Dictionary(grouping: try await server.passages(of: id)) { $0["archive_id"]?.string }
        }
        var ids: [JSONValue] = []
        for archive in own {
            guard let place = archive["id"]?.string else { continue }
            ids.append(.string(place))
            guard rows.insert(place).inserted else { continue }
            var entry = archive.members("id", "name", "description", "embedding_config")
            entry["passages"] = .array((passages[place] ?? []).map { .object($0.members("text")) })
            archives.append(.object(entry))
        }
        agent["archive_ids"] = .array(ids)
    }

    /// The archival memory of a server that has no archives yet.
    private mutating func addPassages(to agent: inout JSONObject, _ id: String) async throws {
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
    private func addSecrets(to agent: inout JSONObject) {
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
        rows.formUnion(own.compactMap { $0.entry["id"]?.string })
    }

    // MARK: Messages

    /// - Parameter talks: the messages of conversations. The list of an agent has them too.
    private mutating func addMessages(to agent: inout JSONObject, _ id: String, notIn talks: Set<String>) async throws {
        let messages = try await server.messages(of: id)
        complete(&agent, (listed["message_ids"]?.array ?? []).compactMap(\.string), messages, except: talks) { $0 }
    }

    /// Gives the messages of an agent or a conversation the ids of the server, or else a name of their own, and adds those
    /// that are listed and not in the file.
    ///
    /// - Parameters:
    ///   - context: the ids on the server of those in the context.
    ///   - others: those that are not added.
    private mutating func complete(
        _ entry: inout JSONObject, _ context: [String], _ listed: [ListedMessage], except others: Set<String> = [],
        _ other: (String) -> String
    ) {
        let ids = MessageIDs(
            of: entry["messages"]?.array ?? [],
            context: (entry["in_context_message_ids"]?.array ?? []).compactMap(\.string), context, listed: listed)
        rename(&entry, ids, other)
        let file = entry["messages"]?.array ?? []
        let places = Dictionary(file.enumerated().map { ($1["id"]?.string ?? "", $0) }) { first, _ in first }
        var all: [JSONValue] = []
        var next = file.startIndex
        for message in listed {
            if let place = places[message.id] {
                guard place >= next else { continue }
                all += file[next...place]
                next = place + 1
            } else if !others.contains(message.id) {
                all.append(message.entry)
                messages[message.id] = message.origin
            }
        }
        all += file[next...]
        entry["messages"] = .array(all)
        let present = Set(all.compactMap { $0["id"]?.string })
        let found = context.filter(present.contains)
        if !found.isEmpty { entry["in_context_message_ids"] = .array(found.map { .string($0) }) }
    }

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

    private mutating func addConversations(
        _ conversations: [JSONValue], _ talks: [String: [ListedMessage]], to agent: inout JSONObject, _ id: String
    ) async throws {
        var entries: [JSONValue] = []
        for conversation in conversations {
            guard let conversationID = conversation["id"]?.string else { continue }
            let exported = try await server.export(id, conversation: conversationID)["agents"]?[0]
            var entry = conversation.members(
                "summary", "description", "hidden", "model", "model_settings", "context_window_limit")
            entry["id"] = .string(conversationID)
            entry["messages"] = exported?["messages"] ?? []
            entry["in_context_message_ids"] = exported?["in_context_message_ids"] ?? []
            let listed = talks[conversationID] ?? []
            // Each file counts its messages anew.
            complete(&entry, (conversation["in_context_message_ids"]?.array ?? []).compactMap(\.string), listed) {
                "\(conversationID) \($0)"
            }
            entry["isolated_blocks"] = .array(try await isolatedBlocks(of: conversation, conversationID))
            rows.insert(conversationID)
            entries.append(.object(entry))
        }
        agent["conversations"] = .array(entries)
    }

    private mutating func isolatedBlocks(
        of conversation: JSONValue, _ conversationID: String
    ) async throws -> [JSONValue] {
        var isolated: [JSONValue] = []
        for id in (conversation["isolated_block_ids"]?.array ?? []).compactMap(\.string) {
            guard let block = try await server.block(id) else { continue }
            let entry = block.members("id", "label", "value", "limit", "description", "metadata", "read_only")
            if rows.insert(id).inserted { blocks.append(.object(entry)) }
            isolated.append(["label": entry["label"] ?? .null, "block_id": .string(id)])
        }
        return isolated
    }
}
