import AgentEngine
import JSON
import LettaAPI
import Storage

extension AgentService {
    /// Creates an agent with its memory, tools and first messages, all or nothing.
    ///
    /// - Parameter deployment: what the agent was made from; nil for nothing.
    /// - Throws: `APIError` for a missing or unknown model, unknown tools or blocks, a label used twice, …
    func create(
        _ body: CreateAgent, in deployment: AgentDraft.Deployment? = nil, as scope: Scope
    ) async throws -> AgentState {
        let new = try await prepare(body, in: deployment, as: scope)
        return try await core.storage.write(as: scope) { db in
            try AgentStateStore.state(of: insert(new, db), db)
        }
    }

    /// Checks a new agent, and asks providers for what it needs to know.
    func prepare(
        _ body: CreateAgent, in deployment: AgentDraft.Deployment?, as scope: Scope
    ) async throws -> PreparedAgent {
        let kind = try AgentRules.kind(of: body)
        try AgentRules.check(body)
        let model = try await model(for: body, as: scope)
        let embedding = try await embedding(for: body, as: scope)
        let rules = try AgentRules.toolRules(body.toolRules ?? [])
        let time = core.now()
        let blocks = try newBlocks(body, at: time, in: scope)
        let draft = AgentDraft(
            body: body, kind: kind, id: core.ids.next(), model: model, embedding: embedding, time: time, scope: scope,
            deployment: deployment)
        let sealed = try sealed(
            body.secrets ?? body.toolExecEnvironmentVariables ?? [:], replacing: [], of: draft.id, at: time)
        return PreparedAgent(draft: draft, rules: rules, blocks: blocks, secrets: sealed)
    }

    /// Inserts a new agent, and its companion where it has one, in the caller's transaction.
    ///
    /// - Parameter shared: blocks that it gets beside those that its body names.
    func insert(_ new: PreparedAgent, sharing shared: [BlockRow] = [], _ db: Transaction) throws -> AgentRow {
        let (draft, body) = (new.draft, new.draft.body)
        let tools = try Self.tools(for: body, kind: draft.kind, db)
        let given = try Self.existingBlocks(body.blockIDs ?? [], db)
        let memory = DraftMemory(new: new.blocks, given: given + shared)
        let row = try store(draft, tools: tools, rules: new.rules, memory: memory, secrets: new.secrets, db)
        if body.enableSleeptime == true, !draft.kind.isSleeptime {
            try addCompanion(to: row, draft: draft, sharing: memory.blocks, db)
        }
        return row
    }

    /// Inserts an agent with its relations, in the caller's transaction.
    func store(
        _ draft: AgentDraft, tools: [Tool], rules: [ToolRule], memory: DraftMemory, secrets: [SealedSecret],
        _ db: Transaction
    ) throws -> AgentRow {
        try AgentRules.checkLabels(memory.blocks)
        var row = draft.row(tools: tools, rules: rules)
        let messages = try draft.messages(for: row, blocks: memory.blocks, ids: core.ids)
        row.nextMessagePosition = messages.count
        try db.insert(row, into: AgentStore.table)
        try TagStore.replaceTags(of: row.id, owner: "agent", with: draft.body.tags ?? [], db)
        try AgentStore.replaceSecrets(of: row.id, with: secrets, db)
        for block in memory.new { try BlockStore.insert(block.row, tags: block.tags, db) }
        for block in memory.blocks { try CoreMemoryService.attach(block, to: row.id, db) }
        for tool in tools { try ToolStore.attach(tool.id, to: row.id, db) }
        _ = try IdentityService.replaceIdentities(of: row.id, with: draft.body.identityIDs ?? [], db)
        _ = try AgentFolderService.replaceFolders(
            of: row, with: draft.body.folderIDs ?? draft.body.sourceIDs ?? [], source: core.ids, at: draft.time, db)
        try MessageStore.insert(messages, db)
        try SystemMessageStore.setSource(of: messages[0].id, to: memory.blocks, db)
        return row
    }

    func model(for body: CreateAgent, as scope: Scope) async throws -> AgentModel {
        var model: AgentModel
        if let config = body.llmConfig {
            try models.check(config)
            model = AgentModel(config: config)
        } else if let config = try await named(body.model, as: scope) {
            model = AgentModel(config: config)
            model.config.contextWindow = min(model.config.contextWindow, ModelService.defaultContextWindow)
            model.config.displayName = nil
        } else {
            let known = try await models.languageModels(ListModels(), as: scope)
            let reason = known.isEmpty ? ". \(await models.reasonForNoModels())" : ""
            throw APIError.invalidArgument("Must specify either model or llm_config in request\(reason)")
        }
        // Only the newest type reasons natively; the older loops request reasoning beside each call.
        let thinks = (body.agentType ?? .lettaV1) != .lettaV1
        model.config.putInnerThoughtsInKwargs = thinks
        model.config.enableReasoner = thinks
        if let enable = body.reasoning ?? body.enableReasoner { model.config.enableReasoner = enable }
        if let tokens = body.maxReasoningTokens { model.config.maxReasoningTokens = tokens }
        if let window = body.contextWindowLimit { model.config.contextWindow = window }
        if let tokens = body.maxTokens { model.config.maxTokens = tokens }
        if let parallel = body.parallelToolCalls { model.config.parallelToolCalls = parallel }
        if let settings = body.modelSettings {
            model.apply(settings)
            if settings.parallelToolCalls == nil { model.config.parallelToolCalls = true }
        }
        try model.validate()
        return model
    }

    private func named(_ handle: String?, as scope: Scope) async throws -> LLMConfig? {
        guard let handle else { return try await models.defaultModel(as: scope) }
        return try await models.languageModel(handle, as: scope)
    }

    func embedding(for body: CreateAgent, as scope: Scope) async throws -> EmbeddingConfig? {
        var config = body.embeddingConfig
        if let config { try models.check(config) }
        if config == nil {
            // Archival memory is searched by meaning wherever this machine can.
            config =
                if let handle = body.embedding { try await models.embeddingModel(handle, as: scope) } else {
                    try await models.defaultEmbeddingModel(as: scope)
                }
        }
        if let size = body.embeddingChunkSize { config?.embeddingChunkSize = size }
        return config
    }

    private func newBlocks(
        _ body: CreateAgent, at time: Timestamp, in scope: Scope
    ) throws -> [DraftMemory.NewBlock] {
        try (body.memoryBlocks ?? []).enumerated().map { index, block in
            var block = block
            if let variables = body.memoryVariables, let value = block.value {
                block.value = BlockValue(AgentRules.filled(value.text, with: variables))
            }
            // One microsecond apart, so that lists show them in the given order.
            let created = Timestamp(microseconds: time.microseconds + Int64(index))
            return DraftMemory.NewBlock(
                row: try BlockService.block(from: block, id: core.ids.next(), at: created, in: scope),
                tags: block.tags ?? [])
        }
    }

    /// The blocks with these ids, in this order, locked.
    static func existingBlocks(_ ids: [String], _ db: Transaction) throws -> [BlockRow] {
        let ids = ids.withoutDuplicates.map { ID<Block>($0) }
        let rows = try BlockStore.rowsForUpdate(ids, db)
        return try ids.map { id in
            guard let block = rows[id] else { throw BlockService.missing(id) }
            return block
        }
    }

    /// The tools of a new agent: the base tools of its type, then those in the request.
    static func tools(for body: CreateAgent, kind: AgentKind, _ db: Transaction) throws -> [Tool] {
        let defaults = DefaultTools.names(for: kind, AgentRules.choice(body))
        let names = (defaults + (body.tools ?? [])).withoutDuplicates
        let named = try ToolStore.rows(named: names, db).map(\.wire)
        let missing = Set(names).subtracting(named.map(\.name)).sorted()
        guard missing.isEmpty else {
            throw APIError(400, "Tools not found by name: {\(missing.map { "'\($0)'" }.joined(separator: ", "))}")
        }
        let identified = try Self.tools((body.toolIDs ?? []).map { ID($0) }, db)
        let inOrder = names.compactMap { name in named.first { $0.name == name } } + identified
        var seen: Set<ID<Tool>> = []
        return inOrder.filter { seen.insert($0.id).inserted }
    }

    /// The tools with these ids, in this order.
    ///
    /// - Throws: `APIError` 400 naming the missing ones.
    static func tools(_ ids: [ID<Tool>], _ db: Transaction) throws -> [Tool] {
        let rows = try db.fetch(ToolStore.table, ids).map(\.wire)
        let missing = Set(ids).subtracting(rows.map(\.id)).map { "'\($0)'" }.sorted()
        guard missing.isEmpty else {
            throw APIError(400, "Tools not found by id: {\(missing.joined(separator: ", "))}")
        }
        return ids.compactMap { id in rows.first { $0.id == id } }
    }
}
