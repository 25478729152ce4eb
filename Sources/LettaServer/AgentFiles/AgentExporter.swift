import Crypto
import JSON
import LettaAPI
import Storage

/// Makes the agent file of some agents and of the agents in the groups that they manage.
struct AgentExporter {
    struct Options: Sendable {
        var skills: [AgentFileDocument.SkillEntry] = []
        /// The conversation of the first agent that takes the place of its own.
        var conversation: ID<Conversation>?
        var scrubsMessages = false
    }

    let options: Options
    let db: Transaction
    var document: AgentFileDocument
    private var agentIDs = FileIDs<ID<AgentState>>("agent")
    var blockIDs = FileIDs<ID<Block>>("block")
    private var toolIDs = FileIDs<ID<Tool>>("tool")
    private var folderIDs = FileIDs<ID<Folder>>("source")
    private var fileIDs = FileIDs<ID<FileMetadata>>("file")
    private var serverIDs = FileIDs<ID<MCPServer>>("mcp_server")
    var messageIDs = FileIDs<String>("message")
    var archiveIDs = FileIDs<ID<Archive>>("archive")
    var identityIDs = FileIDs<ID<Identity>>("identity")
    var conversations = 0
    private var openFiles = 0

    /// - Throws: `APIError` 404 when one of the agents, or the conversation, does not exist.
    static func document(
        of agents: [ID<AgentState>], _ options: Options = Options(), at time: Timestamp, _ db: Transaction
    ) throws -> AgentFileDocument {
        var exporter = AgentExporter(options: options, db: db, document: AgentFileDocument(createdAt: time))
        try exporter.export(agents)
        return exporter.document
    }

    private init(options: Options, db: Transaction, document: AgentFileDocument) {
        self.options = options
        self.db = db
        self.document = document
    }

    /// The revision of the format that the peer of this API level writes.
    private static let revision = "1c28e167b74f"

    private mutating func export(_ agents: [ID<AgentState>]) throws {
        let (ids, groups) = try withGroups(agents)
        let found = Dictionary(uniqueKeysWithValues: try db.fetch(AgentStore.table, ids).map { ($0.id, $0) })
        let rows = try ids.map { id in
            guard let row = found[id] else { throw APIError.notFound("Agent", id) }
            return row
        }
        for id in ids { _ = agentIDs[id] }
        let relations = try Relations(ids, db)
        for row in rows {
            document.agents.append(try entry(row, relations, groups))
        }
        try addIdentities()
        try addBlocks(relations, groups)
        try addArchives()
        try addTools(relations)
        try addFolders(relations)
        document.groups = groups.enumerated().map { entry($1, index: $0) }
        document.skills = try skills(of: ids)
        document.metadata = ObjectDocument([
            "revision_id": .string(Self.revision), "exported_by": .string("letta-swift \(ServerVersion.current)"),
        ])
    }

    /// The agents and those of the groups that they manage, with the groups.
    private func withGroups(_ agents: [ID<AgentState>]) throws -> ([ID<AgentState>], [Group]) {
        var (ids, groups) = (agents.withoutDuplicates, [Group]())
        var unread = ids
        while !unread.isEmpty {
            let found = try AgentTransferStore.groups(managedBy: unread, db)
            groups += found
            unread = found.flatMap(\.agentIDs).withoutDuplicates.filter { !ids.contains($0) }
            ids += unread
        }
        guard agents.count > 1 else { return (ids, groups) }
        // Groups without a manager, when all of their agents are here.
        let known = Set(groups.map(\.id))
        let unmanaged = try AgentTransferStore.groups(db).filter { group in
            !known.contains(group.id) && !group.agentIDs.isEmpty && group.agentIDs.allSatisfy(ids.contains)
        }
        return (ids, groups + unmanaged)
    }
}

/// What is attached to the agents, read with one query per table.
private struct Relations {
    let blocks: [ID<AgentState>: [BlockRow]]
    let tools: [ID<AgentState>: [Tool]]
    let tags: [ID<AgentState>: [String]]
    let secrets: [ID<AgentState>: [AgentSecret]]
    let folders: [ID<AgentState>: [Folder]]
    let files: [ID<AgentState>: [AgentFile]]
    let context: [ID<AgentState>: [String]]
    let agents: [ID<AgentState>]

    init(_ ids: [ID<AgentState>], _ db: Transaction) throws {
        agents = ids
        blocks = try AgentBlockStore.blocks(of: ids, db)
        tools = try ToolStore.tools(of: ids, db)
        tags = try TagStore.tags(of: ids, owner: "agent", db)
        secrets = try AgentStore.secrets(of: ids, db)
        folders = try AgentFileStore.folders(of: ids, db)
        files = try AgentFileStore.files(of: ids, texts: true, db)
        context = try MessageStore.contextIDs(of: ids, db)
    }
}

extension AgentExporter {
    // MARK: Agents

    private mutating func entry(
        _ row: AgentRow, _ relations: Relations, _ groups: [Group]
    ) throws -> AgentFileDocument.AgentEntry {
        var agent = try request(row)
        agent.blockIDs = (relations.blocks[row.id] ?? []).map { blockIDs[$0.id] }
        agent.toolIDs = (relations.tools[row.id] ?? []).map { toolIDs[$0.id] }
        agent.sourceIDs = (relations.folders[row.id] ?? []).map { ID(folderIDs[$0.id]) }
        agent.tags = relations.tags[row.id] ?? []
        let secrets = Dictionary(uniqueKeysWithValues: (relations.secrets[row.id] ?? []).map { ($0.key, "") })
        agent.secrets = secrets
        agent.toolExecEnvironmentVariables = secrets
        var entry = AgentFileDocument.AgentEntry(agent, id: agentIDs[row.id])
        entry.groupIDs = groups.indices.filter { groups[$0].agentIDs.contains(row.id) }.map { "group-\($0)" }
        for file in relations.files[row.id] ?? [] {
            entry.filesAgents.append(
                .init(
                    file, id: "file_agent-\(openFiles)", agent: entry.id, file: fileIDs[file.fileID],
                    source: folderIDs[file.folderID]))
            openFiles += 1
        }
        try addMemory(to: &entry, row.id)
        if !options.scrubsMessages {
            try addMessages(to: &entry, row, relations)
            if options.conversation == nil { try addConversations(to: &entry, row) }
        }
        return entry
    }

    private func request(_ row: AgentRow) throws -> CreateAgent {
        let config = try row.llmConfig.content()
        let files = row.fileLimits
        var agent = CreateAgent()
        agent.name = row.name
        agent.agentType = row.agentType
        agent.system = row.system
        agent.description = row.description
        agent.metadata = row.metadata
        agent.memoryBlocks = []
        agent.tools = []
        agent.toolRules = try row.toolRules.value().array ?? []
        (agent.includeBaseTools, agent.includeMultiAgentTools, agent.includeBaseToolRules) = (false, false, false)
        agent.llmConfig = config
        agent.embeddingConfig = try row.embeddingConfig?.content()
        // Settings that an import fills in by itself are left out.
        if row.compactionSettings != Document(CompactionSettings().filled(for: config)) {
            agent.compactionSettings = try row.compactionSettings.content()
        }
        agent.enableReasoner = config.enableReasoner
        agent.responseFormat = row.responseFormat
        agent.messageBufferAutoclear = row.messageBufferAutoclear
        agent.enableSleeptime = row.enableSleeptime ?? false
        agent.timezone = row.timezone
        agent.maxFilesOpen = files.openFiles
        agent.perFileViewWindowCharLimit = files.charactersPerFile
        agent.hidden = row.hidden
        agent.projectID = row.origin.projectID
        agent.templateID = row.origin.templateID
        agent.baseTemplateID = row.origin.baseTemplateID
        let variables = try JSONDecoding().decode([String: String].self, from: row.memoryVariables.value())
        agent.memoryVariables = variables.isEmpty ? nil : variables
        return agent
    }

    private mutating func addMessages(
        to entry: inout AgentFileDocument.AgentEntry, _ row: AgentRow, _ relations: Relations
    ) throws {
        var stored: [MessageRow]
        var context = relations.context[row.id] ?? []
        if let conversation = options.conversation, row.id == relations.agents.first {
            guard try ConversationService.row(conversation, db).agentID == row.id else {
                throw APIError.notFound("Conversation", conversation)
            }
            stored = try AgentTransferStore.messages(of: conversation, db)
            context = (try ConversationMessageStore.contextIDs(of: [conversation], db)[conversation] ?? [])
                .map(\.rawValue)
        } else {
            stored = try AgentTransferStore.messages(of: row.id, db)
        }
        stored = try SystemMessageService.current(stored, db)
        entry.messages = try stored.map {
            try .init($0, id: messageIDs[$0.id.rawValue], agent: entry.id, zone: row.timezone)
        }
        entry.inContextMessageIDs = context.map { messageIDs[$0] }
    }

    // MARK: What agents share

    private mutating func addBlocks(_ relations: Relations, _ groups: [Group]) throws {
        var rows = Dictionary(
            relations.blocks.values.flatMap(\.self).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for id in groups.flatMap(\.sharedBlockIDs) { _ = blockIDs[id] }
        for row in try db.fetch(BlockStore.table, blockIDs.all.filter { rows[$0] == nil }) { rows[row.id] = row }
        let tags = try BlockStore.tags(of: blockIDs.all, db)
        for id in blockIDs.all {
            guard let row = rows[id] else { continue }
            document.blocks.append(.init(row.wire(tags: tags[id] ?? []), label: row.label, id: blockIDs[id]))
        }
    }

    private mutating func addTools(_ relations: Relations) throws {
        let tools = relations.tools.values.flatMap(\.self)
        let links = try AgentTransferStore.servers(of: tools.map(\.id).withoutDuplicates, db)
        let servers = Dictionary(
            uniqueKeysWithValues: try db.fetch(MCPServerStore.table, Array(Set(links.values))).map { ($0.id, $0) })
        let unique = Dictionary(tools.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for tool in unique.values.sorted(by: { $0.name < $1.name }) {
            let server = links[tool.id].flatMap { servers[$0] }
            document.tools.append(try entry(tool, server: server))
        }
        for id in serverIDs.all {
            guard let server = servers[id] else { continue }
            document.mcpServers.append(.init(server, id: serverIDs[id]))
        }
    }

    private mutating func entry(_ tool: Tool, server: MCPServerRow?) throws -> AgentFileDocument.ToolEntry {
        var entry = AgentFileDocument.ToolEntry(id: toolIDs[tool.id])
        entry.toolType = tool.toolType
        entry.description = tool.description
        entry.sourceType = tool.sourceType
        entry.name = tool.name
        entry.tags = tool.tags
        entry.sourceCode = tool.sourceCode
        entry.jsonSchema = try tool.jsonSchema.flatMap { ObjectDocument(try $0.value().object) }
        entry.argsJSONSchema = try tool.argsJSONSchema.flatMap { ObjectDocument(try $0.value().object) }
        entry.returnCharLimit = tool.returnCharLimit
        entry.pipRequirements = try tool.pipRequirements.flatMap(Self.requirements)
        entry.npmRequirements = try tool.npmRequirements.flatMap(Self.requirements)
        entry.defaultRequiresApproval = tool.defaultRequiresApproval
        entry.enableParallelExecution = tool.enableParallelExecution
        entry.createdByID = tool.createdByID
        entry.lastUpdatedByID = tool.lastUpdatedByID
        entry.metadata = tool.metadata
        entry.projectID = tool.projectID
        var metadata = try tool.metadata?.json.value().object ?? [:]
        if tool.toolType == ToolService.custom {
            // Readers of files tell by it whether two tools are the same.
            let digest = SHA256.hash(data: Array((tool.sourceCode ?? "").utf8))
            metadata["tool_hash"] = .string(
                digest.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
            entry.metadata = ObjectDocument(metadata)
        }
        if let server {
            metadata["mcp"] = ["server_id": .string(serverIDs[server.id]), "server_name": .string(server.serverName)]
            entry.metadata = ObjectDocument(metadata)
        }
        return entry
    }

    private static func requirements(_ json: RawJSON) throws -> [ToolRequirement]? {
        try JSONDecoding().decode([ToolRequirement]?.self, from: json.value())
    }

    private mutating func addFolders(_ relations: Relations) throws {
        let folders = Dictionary(
            relations.folders.values.flatMap(\.self).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for id in folderIDs.all {
            guard let folder = folders[id] else { continue }
            document.sources.append(try .init(folder, id: folderIDs[id]))
            let files = try FolderStore.oldestFiles(of: id, db)
            let contents = try FolderStore.contents(of: files.map(\.id), db)
            for file in files {
                document.files.append(
                    .init(file, content: contents[file.id], id: fileIDs[file.id], source: folderIDs[id]))
            }
        }
    }

    private mutating func entry(_ group: Group, index: Int) -> AgentFileDocument.GroupEntry {
        var entry = AgentFileDocument.GroupEntry(
            agentIDs: group.agentIDs.map { agentIDs[$0] }, description: group.description, id: "group-\(index)")
        var manager = GroupManagement(group.managerType, by: group.managerAgentID.map { ID(agentIDs[$0]) })
        func patch<Value>(_ value: Value?) -> Patch<Value> { value.map { .set($0) } ?? .keep }
        manager.terminationToken = patch(group.terminationToken)
        manager.maxTurns = patch(group.maxTurns)
        manager.sleeptimeAgentFrequency = patch(group.sleeptimeAgentFrequency)
        manager.maxMessageBufferLength = patch(group.maxMessageBufferLength)
        manager.minMessageBufferLength = patch(group.minMessageBufferLength)
        entry.managerConfig = manager
        entry.projectID = group.projectID
        entry.sharedBlockIDs = group.sharedBlockIDs.map { blockIDs[$0] }
        entry.hidden = group.hidden
        return entry
    }
}

/// The ids of one kind within a file, counted in order of first use.
struct FileIDs<Key: Hashable> {
    private let prefix: String
    private var numbers: [Key: Int] = [:]
    /// In order of first use.
    private(set) var all: [Key] = []

    init(_ prefix: String) {
        self.prefix = prefix
    }

    subscript(key: Key) -> String {
        mutating get {
            if let number = numbers[key] { return "\(prefix)-\(number)" }
            numbers[key] = all.count
            all.append(key)
            return "\(prefix)-\(all.count - 1)"
        }
    }
}

extension AgentFileDocument.ServerEntry {
    /// Names of secrets have empty values.
    fileprivate init(_ row: MCPServerRow, id: String) {
        self.init(id: id, type: row.serverType, name: row.serverName)
        serverURL = row.serverURL
        guard let command = row.command else { return }
        let names = MCPServerRow.values(row.sealedEnv)?.keys.sorted() ?? []
        var config: JSONObject = [
            "type": "stdio", "server_name": .string(row.serverName), "command": .string(command),
            "args": (try? row.args?.value()) ?? .array([]),
        ]
        config["env"] = .object(names.reduce(into: JSONObject()) { $0[$1] = "" })
        stdioConfig = ObjectDocument(config)
    }
}

extension ObjectDocument {
    fileprivate init?(_ object: JSONObject?) {
        guard let object else { return nil }
        self.init(object)
    }
}
