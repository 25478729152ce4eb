import AgentEngine
import JSON
import LettaAPI
import Storage

extension AgentService {
    /// Changes the fields present in the body, all or nothing.
    func update(_ id: ID<AgentState>, applying change: UpdateAgent, as scope: Scope) async throws -> AgentState {
        try Self.check(change)
        let model = try await newModel(change)
        let embedding = try await newEmbedding(change)
        let time = core.now()
        let sealed = try (change.secrets.value ?? change.toolExecEnvironmentVariables.value).map {
            try seal($0, for: id)
        }
        return try await core.storage.write(as: scope) { db in
            let blocks = try change.blockIDs.value.map { try Self.existingBlocks($0, db) }
            guard var row = try AgentStore.rowForUpdate(id, db) else {
                throw APIError.notFound("Agent", id)
            }
            try change.apply(to: &row)
            try Self.apply(change, model: model, to: &row)
            if let embedding { row.setEmbedding(embedding) }
            row.updatedAt = max(time, row.updatedAt)
            row.lastUpdatedByID = scope.user
            try AgentStore.update(row, db)
            try Self.replaceRelations(of: id, with: change, blocks: blocks, db)
            if let sealed { try AgentStore.replaceSecrets(of: id, with: sealed, at: time, db) }
            if change.touchesSystemMessage {
                try SystemMessageService.refresh(id, .renewed(time), at: time, db)
                row.systemCompiledAt = time
            }
            return try AgentStateStore.state(of: row, db)
        }
    }

    private static func check(_ change: UpdateAgent) throws {
        try AgentRules.checkName(change.name.value)
        try AgentRules.checkTimezone(change.timezone.value)
        try AgentRules.checkVariables(change.secrets.value ?? change.toolExecEnvironmentVariables.value)
        try KeyText.check("tags", change.tags.value)
        try AgentRules.checkPositive("max_files_open", change.maxFilesOpen.value)
        try AgentRules.checkPositive("per_file_view_window_char_limit", change.perFileViewWindowCharLimit.value)
    }

    /// The description of another model, where the change names one.
    private func newModel(_ change: UpdateAgent) async throws -> LLMConfig? {
        if let config = change.llmConfig.value { return config }
        guard let handle = change.model.value else { return nil }
        var config = try await models.languageModel(handle)
        config.contextWindow = min(config.contextWindow, ModelService.defaultContextWindow)
        config.displayName = nil
        return config
    }

    private func newEmbedding(_ change: UpdateAgent) async throws -> EmbeddingConfig? {
        if let config = change.embeddingConfig.value { return config }
        guard let handle = change.embedding.value else { return nil }
        return try await models.embeddingModel(handle)
    }

    /// Brings the model's two descriptions, the handle and the window of `row` in line with the change.
    private static func apply(_ change: UpdateAgent, model: LLMConfig?, to row: inout AgentRow) throws {
        let touchesModel =
            model != nil || !change.modelSettings.isKept || !change.contextWindowLimit.isKept
            || !change.maxTokens.isKept || !change.parallelToolCalls.isKept || !change.reasoning.isKept
        guard touchesModel else { return }
        var new = AgentModel(config: try model ?? row.llmConfig.content())
        if let window = change.contextWindowLimit.value { new.config.contextWindow = window }
        if let tokens = change.maxTokens.value { new.config.maxTokens = tokens }
        if let parallel = change.parallelToolCalls.value { new.config.parallelToolCalls = parallel }
        if let reasoning = change.reasoning.value { new.config.enableReasoner = reasoning }
        if let settings = change.modelSettings.value { new.apply(settings) }
        if model != nil { new.config.putInnerThoughtsInKwargs = row.agentType != .lettaV1 }
        try new.validate()
        row.llmConfig = Document(new.config)
        row.modelSettings = Document(new.settings)
        row.contextWindow = new.config.contextWindow
        row.model = new.config.handle
    }

    private static func replaceRelations(
        of id: ID<AgentState>, with change: UpdateAgent, blocks: [BlockRow]?, _ db: Transaction
    ) throws {
        if !change.tags.isKept {
            try AgentStore.replaceTags(of: id, with: change.tags.value ?? [], db)
        }
        if case .set(let ids) = change.toolIDs {
            let tools = try Self.tools(ids.withoutDuplicates.map { ID($0) }, db)
            try ToolStore.detachAll(from: id, db)
            for tool in tools { try ToolStore.attach(tool.id, to: id, db) }
        }
        if let blocks {
            try AgentBlockStore.detachAll(from: id, db)
            for block in blocks { try CoreMemoryService.attach(block, to: id, db) }
        }
        if case .set(let ids) = change.messageIDs {
            try replaceContext(of: id, with: ids.map { ID($0) }, db)
        }
    }

    private static func replaceContext(of id: ID<AgentState>, with messages: [ID<Message>], _ db: Transaction) throws {
        let owned = try MessageStore.countOwned(messages.withoutDuplicates, by: id, db)
        guard owned == messages.count else {
            throw APIError.invalidField(
                "message_ids", "every id has to name a message of the agent, once",
                input: .array(messages.map { .string($0.rawValue) }))
        }
        try MessageStore.replaceContext(of: id, with: messages, db)
    }
}

extension AgentRow {
    fileprivate mutating func setEmbedding(_ config: EmbeddingConfig) {
        embeddingConfig = Document(config)
        embedding = config.handle
    }
}

extension UpdateAgent {
    /// Whether what the system message is made from may have changed.
    fileprivate var touchesSystemMessage: Bool {
        !system.isKept || !blockIDs.isKept || !toolRules.isKept || !timezone.isKept || !model.isKept
            || !llmConfig.isKept
    }

    /// Puts the plain fields that are present into `row`. `null` leaves what can't be empty as it is.
    fileprivate func apply(to row: inout AgentRow) throws {
        if let name = name.value { row.name = name }
        if let system = system.value { row.system = system }
        row.description = description.applied(to: row.description)
        row.metadata = metadata.applied(to: row.metadata)
        if let rules = toolRules.value {
            row.toolRules = RawJSON(JSONValue.array(try AgentRules.toolRules(rules).map(\.json)))
        }
        if case .clear = toolRules { row.toolRules = RawJSON(JSONValue.array([])) }
        if let settings = compactionSettings.value {
            row.compactionSettings = Document(settings.filled(for: try row.llmConfig.content()))
        }
        row.responseFormat = responseFormat.applied(to: row.responseFormat)
        if let timezone = timezone.value { row.timezone = timezone }
        if let autoclear = messageBufferAutoclear.value { row.messageBufferAutoclear = autoclear }
        row.enableSleeptime = enableSleeptime.applied(to: row.enableSleeptime)
        row.hidden = hidden.applied(to: row.hidden)
        row.maxFilesOpen = maxFilesOpen.applied(to: row.maxFilesOpen)
        row.perFileViewWindowCharLimit = perFileViewWindowCharLimit.applied(to: row.perFileViewWindowCharLimit)
        row.lastRunCompletion = lastRunCompletion.applied(to: row.lastRunCompletion)
        row.lastRunDurationMilliseconds = lastRunDurationMilliseconds.applied(to: row.lastRunDurationMilliseconds)
        row.lastStopReason = lastStopReason.applied(to: row.lastStopReason)
        row.origin.projectID = projectID.applied(to: row.origin.projectID)
        row.origin.templateID = templateID.applied(to: row.origin.templateID)
        row.origin.baseTemplateID = baseTemplateID.applied(to: row.origin.baseTemplateID)
        if case .clear = embedding {
            row.embedding = nil
            row.embeddingConfig = nil
        }
    }
}
