import AgentEngine
import JSON
import LettaAPI
import Storage

/// Creates what an agent file holds, in the caller's transaction. Nothing is run, connected to or embedded.
struct AgentImporter {
    let file: AgentImport
    let core: Core
    let secrets: SecretBox
    let time: Timestamp
    let db: Transaction
    let approvals: ApprovalPolicy
    var warnings: [String] = []
    private var agents: [String: ID<AgentState>] = [:]
    var blocks: [String: BlockRow] = [:]
    private var tools: [String: ID<Tool>] = [:]
    private(set) var folders: [String: ID<Folder>] = [:]
    private var files: [String: (id: ID<FileMetadata>, folder: ID<Folder>)] = [:]
    var archives: [String: ID<Archive>] = [:]
    var identities: [String: ID<Identity>] = [:]
    /// What is to be stored of the agents.
    private(set) var sums: [ID<AgentState>: LettaImportReport.Agent.Content] = [:]

    init(
        _ file: AgentImport, core: Core, secrets: SecretBox, approvals: ApprovalPolicy, at time: Timestamp,
        _ db: Transaction
    ) {
        self.file = file
        self.core = core
        self.secrets = secrets
        self.approvals = approvals
        self.time = time
        self.db = db
    }

    var document: AgentFileDocument { file.document }

    mutating func run() throws -> [ID<AgentState>] {
        let servers = try insertServers()
        try insertTools(servers)
        try insertBlocks()
        try insertFolders()
        try insertArchives()
        try insertIdentities()
        for (index, entry) in document.agents.enumerated() { try insert(entry, index) }
        try insertGroups()
        return document.agents.compactMap { agents[$0.id] }
    }

    /// A time of its own for each row of a list, so that lists have a fixed order.
    func time(_ index: Int) -> Timestamp { Timestamp(microseconds: time.microseconds + Int64(index)) }

    // MARK: Kept ids

    /// The id of what a file has under a name of its own, or under an id that is kept.
    func id<Noun: Resource>(of place: String) -> ID<Noun> {
        file.kept.rows.contains(place) ? ID(place) : core.ids.next()
    }

    /// The rows that are here already under ids that are kept.
    func known<Row>(_ places: [String], in table: Table<Row>, id: (Row) -> String) throws -> [String: Row] {
        let rows = try db.fetch(table, places.filter(file.kept.rows.contains))
        return Dictionary(uniqueKeysWithValues: rows.map { (id($0), $0) })
    }

    // MARK: Tools and servers

    private func insertServers() throws -> [String: ID<MCPServer>] {
        var servers: [String: ID<MCPServer>] = [:]
        for (index, entry) in document.mcpServers.enumerated() {
            if let known = try AgentTransferStore.server(named: entry.serverName, db) {
                servers[entry.id] = known.id
                continue
            }
            let server = try AgentImport.within("mcp_servers.\(index)") { try row(entry, at: self.time(index)) }
            try db.insert(server, into: MCPServerStore.table)
            servers[entry.id] = server.id
        }
        return servers
    }

    private func row(_ entry: AgentFileDocument.ServerEntry, at time: Timestamp) throws -> MCPServerRow {
        guard let type = MCPServerType(rawValue: entry.serverType) else {
            throw APIError(400, "'\(entry.serverType)' is no type of MCP servers")
        }
        var settings = MCPServerChange()
        if type == .stdio {
            let config = try entry.stdioConfig?.json.value() ?? .null
            settings.command = config["command"]?.string.map { .set($0) } ?? .keep
            settings.args = (config["args"]?.array?.compactMap(\.string)).map { .set($0) } ?? .keep
            let names = config["env"]?.object?.keys ?? []
            settings.env = names.isEmpty ? .keep : .set(Dictionary(names.map { ($0, "") }) { $1 })
        } else {
            settings.serverURL = entry.serverURL.map { .set($0) } ?? .keep
        }
        var change = RowChange(settings)
        change.name = entry.serverName
        change.type = type
        var row = MCPServerRow(
            id: core.ids.next(), serverName: "", serverType: "", createdByID: db.user, lastUpdatedByID: db.user,
            createdAt: time, updatedAt: time)
        try change.apply(to: &row, secrets)
        return row
    }

    private mutating func insertTools(_ servers: [String: ID<MCPServer>]) throws {
        let existing = try Self.existingTools(document, db)
        for (index, entry) in document.tools.enumerated() {
            let name = entry.name ?? ""
            let known = existing[name]
            switch entry.action(known, overriding: file.settings.overridesTools) {
            case .use: tools[entry.id] = known?.id
            case .skip:
                warnings.append(
                    known == nil
                        ? "tools.\(index): this server has no built-in tool '\(name)'. Its agents are created without it."
                        : "tools.\(index): '\(name)' is a tool of another type here. The agents get that one.")
                tools[entry.id] = known?.id
            case .create, .replace:
                let tool = try tool(entry, known, servers)
                try ToolStore.upsert(Stored(tool, at: self.time(index)), db)
                tools[entry.id] = tool.id
                if let server = entry.server.flatMap({ servers[$0] }) ?? server(named: entry.serverName, servers) {
                    try AgentTransferStore.link(tool.id, to: server, db)
                }
            }
        }
    }

    /// The tools of this server with the names of the file's.
    static func existingTools(_ document: AgentFileDocument, _ db: Transaction) throws -> [String: Tool] {
        let rows = try ToolStore.rows(named: document.tools.compactMap(\.name), db)
        return Dictionary(rows.map { ($0.name, $0.wire) }) { $1 }
    }

    private func server(named name: String?, _ servers: [String: ID<MCPServer>]) -> ID<MCPServer>? {
        document.mcpServers.first { $0.serverName == name }.flatMap { servers[$0.id] }
    }

    private func tool(
        _ entry: AgentFileDocument.ToolEntry, _ known: Tool?, _ servers: [String: ID<MCPServer>]
    ) throws -> Tool {
        var tool = Tool(
            id: known?.id ?? core.ids.next(), toolType: entry.type, name: entry.name ?? "", tags: entry.tags ?? [],
            returnCharLimit: entry.returnCharLimit ?? ToolRules.defaultReturnLimit)
        tool.description = entry.description
        tool.sourceType = entry.sourceType
        tool.sourceCode = entry.sourceCode
        tool.jsonSchema = entry.jsonSchema?.json
        tool.argsJSONSchema = entry.argsJSONSchema?.json
        tool.pipRequirements = entry.pipRequirements.map { RawJSON($0) }
        tool.npmRequirements = entry.npmRequirements.map { RawJSON($0) }
        tool.defaultRequiresApproval = entry.defaultRequiresApproval
        tool.enableParallelExecution = entry.enableParallelExecution
        tool.metadata = entry.metadata
        if let server = entry.server.flatMap({ servers[$0] }), var metadata = try entry.metadata?.json.value().object {
            metadata["mcp"] = ["server_id": .string(server.rawValue), "server_name": .string(entry.serverName ?? "")]
            tool.metadata = ObjectDocument(metadata)
        }
        tool.projectID = known?.projectID ?? file.settings.projectID ?? db.project ?? entry.projectID
        tool.createdByID = known?.createdByID ?? db.user
        tool.lastUpdatedByID = db.user
        return tool
    }

    // MARK: Blocks and folders

    private mutating func insertBlocks() throws {
        let here = try known(document.blocks.map(\.id), in: BlockStore.table) { $0.id.rawValue }
        for (index, entry) in document.blocks.enumerated() {
            if let row = here[entry.id] {
                blocks[entry.id] = row
                continue
            }
            let row = row(entry, at: self.time(index))
            try BlockStore.insert(row, tags: entry.tags ?? [], db)
            blocks[entry.id] = row
        }
    }

    private func row(_ entry: AgentFileDocument.BlockEntry, at time: Timestamp) -> BlockRow {
        // Other servers do not enforce limits: the value is kept, and the limit is raised to it.
        let limit = max(entry.limit ?? BlockService.defaultLimit, entry.value.unicodeScalars.count, 1)
        var row = BlockRow(id: id(of: entry.id), label: entry.label, value: entry.value, limit: limit, at: time)
        row.description = entry.description
        row.metadata = entry.metadata
        row.readOnly = entry.readOnly ?? false
        row.hidden = entry.hidden
        row.isTemplate = entry.isTemplate ?? false
        row.templateName = entry.templateName
        row.preserveOnMigration = entry.preserveOnMigration
        row.origin.projectID = file.settings.projectID ?? db.project ?? entry.projectID
        row.origin.templateID = entry.templateID
        row.origin.baseTemplateID = entry.baseTemplateID
        row.origin.deploymentID = entry.deploymentID
        row.origin.entityID = entry.entityID
        row.createdByID = db.user
        row.lastUpdatedByID = db.user
        return row
    }

    private mutating func insertFolders() throws {
        let here = try known(document.sources.map(\.id), in: FolderStore.table) { $0.id.rawValue }
        for (index, entry) in document.sources.enumerated() {
            if let folder = here[entry.id] {
                folders[entry.id] = folder.id
                continue
            }
            let config = file.settings.embedding ?? entry.embeddingConfig ?? embedding(ofAgentsWith: entry.id)
            var folder = Folder(
                id: id(of: entry.id), name: try FolderStore.freeName(entry.name, db),
                embeddingConfig: config.map { Document($0) },
                organizationID: db.organization, createdAt: self.time(index))
            folder.description = entry.description
            folder.instructions = entry.instructions
            folder.metadata = entry.metadata
            folder.createdByID = db.user
            folder.lastUpdatedByID = db.user
            try db.insert(folder, into: FolderStore.table)
            folders[entry.id] = folder.id
        }
        let files = try known(document.files.map(\.id), in: FolderStore.files) { $0.id.rawValue }
        for (index, entry) in document.files.enumerated() {
            if let file = files[entry.id], let folder = folders[entry.sourceID] {
                self.files[entry.id] = (file.id, folder)
            } else {
                try insert(entry, index)
            }
        }
    }

    private func embedding(ofAgentsWith source: String) -> EmbeddingConfig? {
        document.agents.first { $0.folders.contains(source) && $0.agent.embeddingConfig != nil }?.agent.embeddingConfig
    }

    private mutating func insert(_ entry: AgentFileDocument.FileEntry, _ index: Int) throws {
        guard let folder = folders[entry.sourceID] else { return }
        var row = FileMetadata(
            id: id(of: entry.id), in: folder, name: entry.fileName ?? entry.originalFileName ?? entry.id,
            organizationID: db.organization, createdAt: self.time(index))
        row.originalFileName = entry.originalFileName
        row.filePath = entry.filePath
        row.fileType = entry.fileType
        row.fileSize = entry.fileSize
        row.fileCreationDate = entry.fileCreationDate
        row.fileLastModifiedDate = entry.fileLastModifiedDate
        // What has a text is divided into passages again.
        let isReadAgain = entry.processingStatus != .error && entry.content?.isEmpty == false
        row.processingStatus = isReadAgain ? .pending : entry.processingStatus ?? .pending
        row.errorMessage = isReadAgain ? nil : entry.errorMessage
        try FolderStore.insert(row, content: entry.content, db)
        if isReadAgain { try UploadStore.insert(row, job: core.ids.next(), db) }
        files[entry.id] = (row.id, folder)
    }

    // MARK: Agents

    private mutating func insert(_ entry: AgentFileDocument.AgentEntry, _ index: Int) throws {
        let place = "agents.\(index)"
        let draft = try ImportedAgent(
            entry, file.settings, id: file.kept.agents[entry.id] ?? core.ids.next(), at: self.time(index), place, db)
        var memory = try (entry.agent.memoryBlocks ?? []).map { body in
            let block = try AgentImport.within("\(place).memory_blocks") {
                try BlockService.block(from: body, id: core.ids.next(), at: self.time(index), in: db.scope)
            }
            try BlockStore.insert(block, tags: body.tags ?? [], db)
            return block
        }
        memory += (entry.agent.blockIDs ?? []).withoutDuplicates.compactMap { blocks[$0] }
        try AgentImport.within("\(place).block_ids") { try AgentRules.checkLabels(memory) }
        var row = draft.row
        let history = try AgentHistory(
            entry, of: row, memory, needingApproval: document.tools, strips: file.settings.stripsMessages, place,
            try ImportedIDs(entry, file.kept, core.ids, db), at: self.time(index))
        row.nextMessagePosition = history.messages.count
        if let compiledAt = history.systemCompiledAt { row.systemCompiledAt = compiledAt }
        try db.insert(row, into: AgentStore.table)
        agents[entry.id] = row.id
        try TagStore.replaceTags(of: row.id, owner: "agent", with: entry.agent.tags ?? [], db)
        try AgentStore.replaceSecrets(of: row.id, with: try sealed(entry.agent, row.id), db)
        try AgentBlockStore.insert(
            memory.enumerated().map { .init(agent: row.id, block: $1.id, label: $1.label, position: $0) }, db)
        for tool in (entry.agent.toolIDs ?? []).withoutDuplicates.compactMap({ tools[$0] }) {
            try ToolStore.attach(tool, to: row.id, db)
        }
        try attachNamedTools(entry.agent.tools ?? [], to: row.id, place)
        try attachFolders(entry, to: row.id)
        try AgentTransferStore.insert(history.messages, context: history.context, db)
        if let current = history.currentSystemMessage {
            try SystemMessageStore.setSource(of: current, to: memory, db)
        }
        try insertConversations(entry, history)
        try attachMemory(entry, to: row.id, index)
        try FoundApprovals.note(of: row.id, approvals, core.ids, db)
        sums[row.id] = Self.sum(of: history, memory)
    }

    private func attachNamedTools(_ names: [String], to agent: ID<AgentState>, _ place: String) throws {
        let rows = try ToolStore.rows(named: names, db)
        for (index, name) in names.enumerated() {
            guard let row = rows.first(where: { $0.name == name }) else {
                throw AgentFileProblem.at("\(place).tools.\(index)", "there is no tool '\(name)'")
            }
            try ToolStore.attach(row.id, to: agent, db)
        }
    }

    /// Files never have values of secrets; those of the request are added.
    private func sealed(_ agent: CreateAgent, _ id: ID<AgentState>) throws -> [SealedSecret] {
        let given = agent.secrets ?? agent.toolExecEnvironmentVariables ?? [:]
        return try given.merging(file.settings.secrets) { $1 }.sorted { $0.key < $1.key }.map { name, value in
            SealedSecret(
                id: core.ids.next(), name: name,
                sealedValue: try secrets.seal(
                    value == SealedSecret.mask ? "" : value, for: SealedSecret.place(of: name, agent: id)),
                description: nil, createdAt: time, updatedAt: time)
        }
    }

    private func attachFolders(_ entry: AgentFileDocument.AgentEntry, to agent: ID<AgentState>) throws {
        for source in entry.folders {
            guard let folder = folders[source] else { continue }
            _ = try AgentFileStore.attach(folder, to: agent, db)
        }
        let listed = Set(entry.filesAgents.map(\.fileID))
        let unlisted = document.files.filter { entry.folders.contains($0.sourceID) && !listed.contains($0.id) }
        var rows = entry.filesAgents.enumerated().compactMap { index, open -> AgentFileRow? in
            guard let file = files[open.fileID] else { return nil }
            var row = AgentFileRow(
                id: core.ids.next(), agent: agent, file: file.id, folder: file.folder, isOpen: open.isOpen ?? false,
                at: self.time(index))
            row.visibleContent = row.isOpen ? open.visibleContent : nil
            row.startLine = row.isOpen ? open.startLine : nil
            row.endLine = row.isOpen ? open.endLine : nil
            return row
        }
        rows += unlisted.enumerated().compactMap { index, closed in
            files[closed.id].map {
                AgentFileRow(
                    id: core.ids.next(), agent: agent, file: $0.id, folder: $0.folder, at: self.time(rows.count + index)
                )
            }
        }
        try db.insert(rows, into: AgentFileStore.table)
    }

    // MARK: Groups

    private func insertGroups() throws {
        for (index, entry) in document.groups.enumerated() {
            try AgentImport.within("groups.\(index)") {
                var manager = entry.managerConfig ?? GroupManagement(.roundRobin)
                if let id = manager.managerAgentID.value.flatMap({ agents[$0.rawValue] }) {
                    manager.managerAgentID = .set(id)
                }
                var group = Group(
                    id: core.ids.next(), managerType: manager.managerType, managerAgentID: nil,
                    agentIDs: entry.agentIDs.compactMap { agents[$0] }, description: entry.description)
                try GroupService.apply(manager, to: &group)
                group.projectID = file.settings.projectID ?? db.project ?? entry.projectID
                group.sharedBlockIDs = (entry.sharedBlockIDs ?? []).withoutDuplicates.compactMap { blocks[$0]?.id }
                group.hidden = entry.hidden
                try GroupService.checkAgents(of: group, locking: false, db)
                try GroupStore.insert(group, at: self.time(index), db)
            }
        }
    }
}

extension AgentFileDocument.ToolEntry {
    /// What an import does with the tool, where `known` is the one with its name.
    func action(_ known: Tool?, overriding overrides: Bool) -> ImportPreview.Action {
        guard let known else { return isBuiltIn ? .skip : .create }
        if isBuiltIn { return known.toolType == ToolService.custom ? .skip : .use }
        guard known.toolType == type else { return .skip }
        return overrides ? .replace : .use
    }

    private var mcp: JSONValue? { (try? metadata?.json.value())?["mcp"] }

    /// The id of its MCP server within the file.
    var server: String? { mcp?["server_id"]?.string }

    /// The name of its MCP server, in its metadata or in a tag.
    var serverName: String? {
        mcp?["server_name"]?.string ?? tags?.first { $0.hasPrefix("mcp:") }.map { String($0.dropFirst(4)) }
    }
}
