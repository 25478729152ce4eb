import AgentEngine
import JSON
import LettaAPI
import Storage

extension AgentService {
    /// Changes the fields present in the body, all or nothing.
    ///
    /// A field that repeats what is stored is no change: clients may send back what they read. If nothing changes,
    /// nothing is written.
    func update(_ id: ID<AgentState>, applying change: UpdateAgent, as scope: Scope) async throws -> AgentState {
        try Self.check(change)
        var change = change
        if change.touchesModels {
            // Before the write transaction, because looking up a model may wait for its provider.
            let shown = try await core.storage.read(as: scope) { db in try AgentStore.row(id, db) }
            guard let shown else { throw APIError.notFound("Agent", id) }
            try change.leaveOutModels(shownBy: shown)
        }
        let model = try await newModel(change, as: scope)
        let embedding = try await newEmbedding(change, as: scope)
        let time = core.now()
        return try await core.storage.write(as: scope) { [change] db in
            let row = try apply(change, model: model, embedding: embedding, to: id, at: time, db)
            return try AgentStateStore.state(of: row, db)
        }
    }

    /// Changes an agent in the caller's transaction.
    func apply(
        _ change: UpdateAgent, model: LLMConfig?, embedding: EmbeddingConfig?, to id: ID<AgentState>,
        at time: Timestamp, _ db: Transaction
    ) throws -> AgentRow {
        let blocks = try change.blockIDs.value.map { try Self.existingBlocks($0, db) }
        guard let old = try AgentStore.rowForUpdate(id, db) else {
            throw APIError.notFound("Agent", id)
        }
        var row = old
        try change.apply(to: &row)
        try Self.apply(change, model: model, to: &row)
        if let embedding { row.setEmbedding(embedding) }
        let changesBlocks = try blocks.map { try replaceBlocks(of: id, with: $0, db) } ?? false
        let changesRelations = try replaceRelations(of: id, with: change, at: time, db)
        let changesFolders =
            try (change.folderIDs.value ?? change.sourceIDs.value).map { folders in
                try AgentFolderService.replaceFolders(of: row, with: folders, source: core.ids, at: time, db)
            } ?? false
        guard row != old || changesBlocks || changesRelations || changesFolders else { return old }
        row.updatedAt = max(time, row.updatedAt)
        row.lastUpdatedByID = db.user
        if try changesBlocks || row.systemMessageParts() != old.systemMessageParts() {
            row.systemCompiledAt = time
            try AgentStore.update(row, db)
            try SystemMessageService.refresh(id, at: time, db)
        } else {
            try AgentStore.update(row, db)
        }
        return row
    }

    private static func check(_ change: UpdateAgent) throws {
        try AgentRules.checkName(change.name.value)
        try AgentRules.checkTimezone(change.timezone.value)
        try EnvironmentName.check("secrets", (change.secrets.value?.values ?? [:]).keys.sorted())
        try EnvironmentName.check(
            "tool_exec_environment_variables", (change.toolExecEnvironmentVariables.value?.values ?? [:]).keys.sorted())
        try KeyText.check("tags", change.tags.value)
        try AgentRules.checkPositive("max_files_open", change.maxFilesOpen.value)
        try AgentRules.checkPositive("per_file_view_window_char_limit", change.perFileViewWindowCharLimit.value)
    }

    // MARK: Models

    /// The description of another model, where the change names one.
    private func newModel(_ change: UpdateAgent, as scope: Scope) async throws -> LLMConfig? {
        if let config = change.llmConfig.value {
            try models.check(config)
            return config
        }
        guard let handle = change.model.value else { return nil }
        var config = try await models.languageModel(handle, as: scope)
        config.contextWindow = min(config.contextWindow, ModelService.defaultContextWindow)
        config.displayName = nil
        return config
    }

    private func newEmbedding(_ change: UpdateAgent, as scope: Scope) async throws -> EmbeddingConfig? {
        if let config = change.embeddingConfig.value {
            try models.check(config)
            return config
        }
        guard let handle = change.embedding.value else { return nil }
        return try await models.embeddingModel(handle, as: scope)
    }

    /// Applies the change to the two model descriptions, the handle and the context window of `row`.
    private static func apply(_ change: UpdateAgent, model: LLMConfig?, to row: inout AgentRow) throws {
        let touchesModel =
            model != nil || !change.modelSettings.isKept || !change.contextWindowLimit.isKept
            || !change.maxTokens.isKept || !change.parallelToolCalls.isKept || !change.reasoning.isKept
        guard touchesModel else { return }
        let old = try row.llmConfig.content()
        var new = AgentModel(config: model ?? old)
        change.contextWindowLimit.apply(to: &new.config.contextWindow)
        change.maxTokens.apply(to: &new.config.maxTokens)
        change.parallelToolCalls.apply(to: &new.config.parallelToolCalls)
        change.reasoning.apply(to: &new.config.enableReasoner)
        if let settings = change.modelSettings.value {
            // Another model starts from its own defaults, not from those shown for the previous one.
            new.apply(model == nil ? settings.changes(from: try row.modelSettings.content()) : settings)
        }
        if model != nil, change.llmConfig.isKept {
            new.config.putInnerThoughtsInKwargs = row.agentType != .lettaV1
        }
        try new.validate()
        guard !new.config.isSame(as: old) else { return }
        row.llmConfig = Document(new.config)
        row.modelSettings = Document(new.settings)
        row.contextWindow = new.config.contextWindow
        row.model = new.config.handle
    }

    // MARK: Relations

    /// - Returns: whether the blocks or their order changed.
    private func replaceBlocks(of id: ID<AgentState>, with blocks: [BlockRow], _ db: Transaction) throws -> Bool {
        let old = try AgentBlockStore.blocks(of: [id], db)[id] ?? []
        guard old.map(\.id) != blocks.map(\.id) else { return false }
        try AgentBlockStore.detachAll(from: id, db)
        for block in blocks { try CoreMemoryService.attach(block, to: id, db) }
        return true
    }

    /// Replaces tags, tools, context and secrets where the change differs from what is stored.
    ///
    /// - Returns: whether anything changed.
    private func replaceRelations(
        of id: ID<AgentState>, with change: UpdateAgent, at time: Timestamp, _ db: Transaction
    ) throws -> Bool {
        var isChanged = false
        if !change.tags.isKept {
            let tags = (change.tags.value ?? []).withoutDuplicates
            if try TagStore.tags(of: [id], owner: "agent", db)[id] ?? [] != tags {
                try TagStore.replaceTags(of: id, owner: "agent", with: tags, db)
                isChanged = true
            }
        }
        if case .set(let ids) = change.toolIDs {
            let tools = try Self.tools(ids.withoutDuplicates.map { ID($0) }, db).map(\.id)
            if try (ToolStore.tools(of: [id], db)[id] ?? []).map(\.id) != tools {
                try ToolStore.detachAll(from: id, db)
                for tool in tools { try ToolStore.attach(tool, to: id, db) }
                isChanged = true
            }
        }
        if case .set(let ids) = change.identityIDs, try IdentityService.replaceIdentities(of: id, with: ids, db) {
            isChanged = true
        }
        if case .set(let ids) = change.messageIDs, try MessageStore.contextIDs(of: [id], db)[id] ?? [] != ids {
            try Self.replaceContext(of: id, with: ids.map { ID($0) }, db)
            try WaitingApprovalStore.remove(of: id, in: nil, keeping: ids, db)
            // The new head may have been out of the context while what it is compiled from changed.
            try SystemMessageService.refresh(id, at: time, db)
            isChanged = true
        }
        return try replaceSecrets(of: id, with: change, at: time, db) || isChanged
    }

    private func replaceSecrets(
        of id: ID<AgentState>, with change: UpdateAgent, at time: Timestamp, _ db: Transaction
    ) throws -> Bool {
        // Clients may send both names of the field: the one they edited and the one they only read.
        let given = [change.secrets.value?.values, change.toolExecEnvironmentVariables.value?.values].compactMap(\.self)
        guard !given.isEmpty else { return false }
        let old = try AgentStore.sealedSecrets(of: id, db)
        for values in given {
            let new = try sealed(values, replacing: old, of: id, at: time)
            guard new != old else { continue }
            try AgentStore.replaceSecrets(of: id, with: new, db)
            return true
        }
        return false
    }

    private static func replaceContext(of id: ID<AgentState>, with messages: [ID<Message>], _ db: Transaction) throws {
        let owned = try MessageStore.countOwned(messages.withoutDuplicates, by: id, db)
        guard owned == messages.count else {
            throw APIError.invalidField(
                "message_ids", "every id must name a message of the agent, once",
                input: .array(messages.map { .string($0.rawValue) }))
        }
        try MessageStore.replaceContext(of: id, with: messages, db)
    }
}

extension AgentRow {
    mutating func setEmbedding(_ config: EmbeddingConfig) {
        embeddingConfig = Document(config)
        embedding = config.handle
    }

    /// What the system message is compiled from besides blocks and time.
    fileprivate func systemMessageParts() throws -> [String] {
        [system, timezone, toolRules.text, try llmConfig.content().modelEndpointType]
    }
}

extension UpdateAgent {
    fileprivate var touchesModels: Bool {
        !(model.isKept && llmConfig.isKept && modelSettings.isKept && embedding.isKept && embeddingConfig.isKept)
    }

    /// Drops the descriptions of models that repeat what the agent shows: the same model keeps its context window and
    /// limits.
    fileprivate mutating func leaveOutModels(shownBy row: AgentRow) throws {
        model = model.changes(from: row.model)
        embedding = embedding.changes(from: row.embedding)
        if let config = llmConfig.value, config.isSame(as: try row.llmConfig.content()) { llmConfig = .keep }
        if let settings = modelSettings.value, settings.isSame(as: try row.modelSettings.content()) {
            modelSettings = .keep
        }
        if let config = embeddingConfig.value, let stored = row.embeddingConfig,
            config.isSame(as: try stored.content())
        {
            embeddingConfig = .keep
        }
    }

    /// Applies the plain fields. `null` leaves required fields unchanged.
    fileprivate func apply(to row: inout AgentRow) throws {
        // Values that responses derive from the context window are not stored when they come back.
        let files = FileLimits(contextWindow: row.contextWindow)
        if row.maxFilesOpen != nil || maxFilesOpen.value != files.openFiles {
            maxFilesOpen.apply(to: &row.maxFilesOpen)
        }
        if row.perFileViewWindowCharLimit != nil || perFileViewWindowCharLimit.value != files.charactersPerFile {
            perFileViewWindowCharLimit.apply(to: &row.perFileViewWindowCharLimit)
        }
        name.apply(to: &row.name)
        (system.isKept ? instructions : system).apply(to: &row.system)
        description.apply(to: &row.description)
        metadata.apply(to: &row.metadata)
        if !toolRules.isKept {
            let rules = try AgentRules.toolRules(toolRules.value ?? [])
            if try rules != row.rules() { row.toolRules = RawJSON(JSONValue.array(rules.map(\.json))) }
        }
        if let settings = compactionSettings.value {
            row.compactionSettings = Document(settings.filled(for: try row.llmConfig.content()))
        }
        responseFormat.apply(to: &row.responseFormat)
        timezone.apply(to: &row.timezone)
        messageBufferAutoclear.apply(to: &row.messageBufferAutoclear)
        enableSleeptime.apply(to: &row.enableSleeptime)
        hidden.apply(to: &row.hidden)
        lastRunCompletion.apply(to: &row.lastRunCompletion)
        lastRunDurationMs.apply(to: &row.lastRunDurationMilliseconds)
        lastStopReason.apply(to: &row.lastStopReason)
        projectID.apply(to: &row.origin.projectID)
        templateID.apply(to: &row.origin.templateID)
        baseTemplateID.apply(to: &row.origin.baseTemplateID)
        if case .clear = embedding {
            row.embedding = nil
            row.embeddingConfig = nil
        }
    }
}
