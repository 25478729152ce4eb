import AgentEngine
import JSON
import LettaAPI
import Storage

/// An agent of a Letta database with what belongs to it alone, but for its messages.
struct LettaAgent: Sendable {
    let row: LettaRow
    let blocks: [String]
    let tools: [String]
    let tags: [String]
    private(set) var variables: [LettaRow]
    let folders: [String]
    let files: [LettaRow]
    let archives: [(id: String, isOwner: Bool)]
    let identities: [String]
    /// The ids of the messages in the context, in order.
    let context: [String]

    init(_ row: LettaRow, _ source: LettaSource) async throws {
        func ids(_ table: String, _ column: String) async throws -> [String] {
            try await source.rows(table, of: "agent_id", row.id).compactMap { $0.text(column) }
        }
        self.row = row
        blocks = try await ids("blocks_agents", "block_id")
        tools = try await ids("tools_agents", "tool_id")
        tags = try await ids("agents_tags", "tag")
        variables = try await source.rows("agent_environment_variables", of: "agent_id", row.id)
        folders = try await ids("sources_agents", "source_id")
        files = try await source.rows("files_agents", of: "agent_id", row.id)
        archives = try await source.rows("archives_agents", of: "agent_id", row.id).compactMap { link in
            link.text("archive_id").map { ($0, link.flag("is_owner") ?? false) }
        }
        identities = try await ids("identities_agents", "identity_id")
        context = (row["message_ids"].array ?? []).compactMap(\.string)
    }

    var id: ID<AgentState> { ID(row.id) }

    // MARK: Storing

    /// Stores the agent with its links. Its messages come afterwards.
    ///
    /// - Parameter renamed: the tools that are another one here.
    func store(_ writer: inout LettaWriter, renamed: [String: ID<Tool>]) throws {
        let agent = try agentRow(writer.db)
        try writer.db.insert(agent, into: AgentStore.table)
        try TagStore.replaceTags(of: id, owner: "agent", with: tags, writer.db)
        try storeVariables(&writer)
        try storeBlocks(&writer)
        try storeTools(&writer, renamed)
        try storeFolders(&writer)
        for archive in archives {
            guard try writer.db.exists(archive.id, in: ArchiveStore.table) else {
                writer.note("an agent names an archive that does not exist")
                continue
            }
            try ArchiveStore.attach(ID(archive.id), to: id, isOwner: archive.isOwner, writer.db)
        }
        for identity in try LettaImportStore.present(identities, in: "identity", writer.db).sorted() {
            try LettaImportStore.link(
                "agent_identity", ("agent_id", "identity_id"), (id.rawValue, identity), writer.db)
        }
        if agent.embeddingConfig != nil { try ImportedEmbeddingStore.add(.agent(id), writer.db) }
        try LettaImportStore.begin(id, writer.db)
    }

    private func agentRow(_ db: Transaction) throws -> AgentRow {
        var columns = row
        columns["metadata"] = row["metadata_"]
        columns.fill("name", "")
        columns.fill("timezone", "UTC")
        columns["llm_config"] = Self.withHandle(row["llm_config"])
        for column in ["tags", "message_ids", "model", "embedding", "model_settings"] { columns[column] = .null }
        let body: CreateAgent = try columns.decode()
        var settings = AgentImport.Settings()
        settings.projectID = body.projectID
        var agent = try ImportedAgent(
            AgentFileDocument.AgentEntry(body, id: row.id), settings, id: id, at: row.createdAt, "agent", db
        ).row
        agent.origin.deploymentID = row.text("deployment_id")
        agent.origin.entityID = row.text("entity_id")
        agent.createdByID = row.text("created_by_id") ?? agent.createdByID
        agent.lastUpdatedByID = row.text("last_updated_by_id") ?? agent.lastUpdatedByID
        agent.updatedAt = row.updatedAt
        agent.lastRunCompletion = row.time("last_run_completion")
        agent.lastRunDurationMilliseconds = row.integer("last_run_duration_ms")
        agent.lastStopReason = row.text("last_stop_reason")
        return agent
    }

    /// Older configurations name the provider and the model alone.
    private static func withHandle(_ config: JSONValue) -> JSONValue {
        guard var object = config.object, object["handle"]?.string == nil, let model = object["model"]?.string,
            let provider = object["provider_name"]?.string ?? object["model_endpoint_type"]?.string
        else { return config }
        object["handle"] = .string("\(provider)/\(model)")
        return .object(object)
    }

    /// Decrypts the values of its variables, where their key is known.
    mutating func decryptVariables(_ source: LettaSource) async throws {
        for index in variables.indices { variables[index] = try await source.decrypted(variables[index]) }
    }

    private func storeVariables(_ writer: inout LettaWriter) throws {
        let sealed = try variables.map { variable in
            let name = Self.name(ofVariable: variable)
            let empty = try writer.box.seal("", for: SealedSecret.place(of: name, agent: id))
            return SealedSecret(
                id: ID(variable.id), name: name, sealedValue: try sealedValue(of: variable, &writer) ?? empty,
                description: variable.text("description"), createdAt: variable.createdAt,
                updatedAt: variable.updatedAt)
        }
        try AgentStore.replaceSecrets(of: id, with: sealed, writer.db)
    }

    /// Gives the variables of an agent that is here the values that an import without their key left out.
    func addSecrets(_ writer: inout LettaWriter) throws {
        guard !variables.isEmpty else { return }
        let there = Dictionary(variables.map { (Self.name(ofVariable: $0), $0) }) { first, _ in first }
        let stored = try AgentStore.sealedSecrets(of: id, writer.db)
        let filled = try stored.map { secret in
            let place = SealedSecret.place(of: secret.name, agent: id)
            guard let variable = there[secret.name], try writer.isMissing(secret.sealedValue, for: place),
                let value = try sealedValue(of: variable, &writer)
            else { return secret }
            return SealedSecret(
                id: secret.id, name: secret.name, sealedValue: value, description: secret.description,
                createdAt: secret.createdAt, updatedAt: secret.updatedAt)
        }
        if filled != stored { try AgentStore.replaceSecrets(of: id, with: filled, writer.db) }
    }

    private static func name(ofVariable variable: LettaRow) -> String { variable.text("key") ?? variable.id }

    private func sealedValue(of variable: LettaRow, _ writer: inout LettaWriter) throws -> String? {
        let name = Self.name(ofVariable: variable)
        return try writer.seal(
            variable, ("value", "value_enc"), for: SealedSecret.place(of: name, agent: id),
            "variable \(name) of the agent \(row.id)")
    }

    private func storeBlocks(_ writer: inout LettaWriter) throws {
        let rows = try writer.db.fetch(BlockStore.table, blocks.withoutDuplicates)
            .sorted { ($0.createdAt, $0.id.rawValue) < ($1.createdAt, $1.id.rawValue) }
        if rows.count < Set(blocks).count { writer.note("an agent names a block that does not exist") }
        var labels: Set<String> = []
        var attachments: [AgentBlockStore.Attachment] = []
        for block in rows {
            guard labels.insert(block.label).inserted else {
                writer.note("an agent has two blocks with one label; the second is not attached")
                continue
            }
            attachments.append(
                .init(agent: id, block: block.id, label: block.label, position: attachments.count))
        }
        try AgentBlockStore.insert(attachments, writer.db)
    }

    private func storeTools(_ writer: inout LettaWriter, _ renamed: [String: ID<Tool>]) throws {
        let wanted = tools.map { renamed[$0]?.rawValue ?? $0 }
        let present = try LettaImportStore.present(wanted, in: "tool", writer.db)
        if present.count < Set(wanted).count { writer.note("an agent names a tool that does not exist here") }
        for tool in wanted.withoutDuplicates where present.contains(tool) {
            try ToolStore.attach(ID(tool), to: id, writer.db)
        }
    }

    private func storeFolders(_ writer: inout LettaWriter) throws {
        let present = try LettaImportStore.present(folders, in: "folder", writer.db)
        for folder in folders where present.contains(folder) {
            _ = try AgentFileStore.attach(ID(folder), to: id, writer.db)
        }
        let known = try LettaImportStore.present(files.compactMap { $0.text("file_id") }, in: "folder_file", writer.db)
        var taken: Set<String> = []
        let rows = files.compactMap { file -> AgentFileRow? in
            guard let folder = file.text("source_id"), present.contains(folder), let id = file.text("file_id"),
                known.contains(id), taken.insert(id).inserted
            else { return nil }
            var row = AgentFileRow(
                id: ID(file.id), agent: self.id, file: ID(id), folder: ID(folder),
                isOpen: file.flag("is_open") ?? false,
                at: file.createdAt)
            row.lastAccessedAt = file.time("last_accessed_at") ?? file.createdAt
            row.visibleContent = row.isOpen ? file.text("visible_content") : nil
            row.startLine = row.isOpen ? file.integer("start_line") : nil
            row.endLine = row.isOpen ? file.integer("end_line") : nil
            return row
        }
        try writer.db.insert(rows, into: AgentFileStore.table)
    }
}

/// Converts the messages of one agent of a Letta database.
struct LettaMessages: Sendable {
    private let reader: MessageImport

    /// - Parameter agent: as it is stored here, with its tools.
    init(_ agent: AgentRow, tools: [Tool]) throws {
        let kind = AgentKind(rawValue: agent.agentType.rawValue) ?? .standard
        let ruled = try agent.rules().filter { $0.effect == .requiresApproval }.map(\.tool)
        let marked = tools.filter { $0.defaultRequiresApproval == true }.map(\.name)
        reader = MessageImport(
            agent: agent.id, loop: kind.loop, approvalTools: Set(ruled + marked), time: agent.createdAt)
    }

    /// - Throws: what is wrong with the message.
    func row(_ row: LettaRow, position: Int) throws -> MessageRow {
        var columns = row
        // Long ago a message was one text.
        if let text = row.text("text"), row["content"].array?.isEmpty != false {
            columns["content"] = [["type": "text", "text": .string(text)]]
        }
        let entry: AgentFileDocument.MessageEntry = try columns.decode()
        var message = try reader.row(entry, id: ID(row.id), position: position, place: "message")
        message.runID = row.text("run_id").map { ID($0) }
        message.stepID = row.text("step_id").map { ID($0) }
        message.isError = row.flag("is_err")
        message.conversationID = row.text("conversation_id").map { ID($0) }
        return message
    }
}
