import AgentEngine
import JSON
import LettaAPI
import Storage

extension TemplateSnapshot {
    /// The configuration of an agent as a template.
    ///
    /// Parts that the agent got from `old`, the version it was made from, keep their entity ids, and blocks whose text is
    /// that of `old` with the agent's variables keep its variables.
    ///
    /// - Throws: `APIError` 404.
    static func snapshot(
        of id: ID<AgentState>, replacing old: TemplateSnapshot?, ids: IDSource, _ db: Transaction
    ) throws -> TemplateSnapshot {
        guard let row = try AgentStore.row(id, db) else { throw APIError.notFound("Agent", id) }
        let variables = try JSONDecoding().decode([String: String].self, from: row.memoryVariables.value())
        let blocks = (try AgentBlockStore.blocks(of: [id], db)[id] ?? []).map { block in
            let before = old?.blocks.first { $0.entityId == block.origin.entityID || $0.label == block.label }
            var template = TemplateBlock(
                entityId: before?.entityId ?? block.origin.entityID ?? ids.uuid(), label: block.label,
                value: block.value)
            if let before, AgentRules.filled(before.value, with: variables) == block.value {
                template.value = before.value
            }
            template.limit = block.limit
            template.description = block.description
            template.readOnly = block.readOnly
            template.preserveOnMigration = block.preserveOnMigration
            return template
        }
        let config = try row.llmConfig.content()
        var agent = Agent(
            entityId: old?.agents.first?.entityId ?? row.origin.entityID ?? ids.uuid(), name: row.name,
            agentType: row.agentType, model: row.model ?? config.model, systemPrompt: row.system)
        try agent.setRelations(of: row, blocks: blocks, variables: variables, db)
        agent.properties = Properties(of: row, config)
        agent.description = row.description
        agent.metadata = row.metadata
        agent.llmConfig = row.model == nil ? config : nil
        agent.embedding = row.embedding
        agent.embeddingConfig = row.embedding == nil ? try row.embeddingConfig?.content() : nil
        agent.compactionSettings = try row.compactionSettings.content()
        agent.responseFormat = row.responseFormat
        agent.timezone = row.timezone
        agent.enableSleeptime = row.enableSleeptime
        return TemplateSnapshot(agent: agent, blocks: blocks)
    }

    /// The names between `{{` and `}}` in the values of blocks.
    static func variables(in blocks: [TemplateBlock]) -> [String] {
        blocks.flatMap { block in
            block.value.split(separator: "{{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
                part.firstRange(of: "}}").map { end in
                    String(part[..<end.lowerBound].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
                }
            }
        }.withoutDuplicates
    }

    /// The agent, which a stored snapshot has.
    func agent() throws -> Agent {
        guard let agent = agents.first else {
            throw APIError.invalidArgument("The template has no agent. Replace its working version.")
        }
        return agent
    }

    /// The blocks of the agent in the order of attachment.
    func blocks(of agent: Agent) -> [TemplateBlock] {
        relationships.filter { $0.agentEntityId == agent.entityId }.compactMap { relationship in
            blocks.first { $0.entityId == relationship.blockEntityId }
        }
    }

    /// - Throws: `APIError` 422 naming what a template can't have.
    func check() throws {
        func refuse(_ field: String, _ text: String) -> APIError { .invalidField(field, text, input: .null) }
        guard agents.count == 1 else { throw refuse("agents", "a template has exactly one agent") }
        guard Set(blocks.map(\.entityId)).count == blocks.count, Set(blocks.map(\.label)).count == blocks.count else {
            throw refuse("blocks", "every entityId and every label can be used once")
        }
        let agent = agents[0]
        let known = Set(blocks.map(\.entityId))
        guard relationships.allSatisfy({ $0.agentEntityId == agent.entityId && known.contains($0.blockEntityId) }),
            Set(relationships.map(\.blockEntityId)) == known
        else {
            throw refuse("relationships", "the agent must have each of the blocks, and none that is not listed")
        }
        guard agent.toolVariables?.data.allSatisfy({ $0.defaultValue == nil }) != false else {
            throw refuse(
                "toolVariables", "a template stores no values of environment variables; send them as tool_variables")
        }
        _ = try AgentRules.toolRules(agent.toolRules ?? [])
    }

    /// The values of memory variables: the template's defaults, then those given.
    func values(_ given: [String: String]?) throws -> [String: String] {
        let pairs = try (agent().memoryVariables?.data ?? []).compactMap { variable in
            variable.defaultValue.map { (variable.key, $0) }
        }
        return Dictionary(pairs) { $1 }.merging(given ?? [:]) { $1 }
    }
}

extension TemplateSnapshot.Agent {
    fileprivate mutating func setRelations(
        of row: AgentRow, blocks: [TemplateSnapshot.TemplateBlock], variables: [String: String], _ db: Transaction
    ) throws {
        toolIds = (try ToolStore.tools(of: [row.id], db)[row.id] ?? []).map(\.id.rawValue)
        sourceIds = (try AgentFileStore.folders(of: [row.id], db)[row.id] ?? []).map(\.id.rawValue)
        tags = try TagStore.tags(of: [row.id], owner: "agent", db)[row.id] ?? []
        toolRules = try row.rules().map(\.json)
        memoryVariables = .init(TemplateSnapshot.variables(in: blocks), defaults: variables)
        // The values are the agent's own.
        toolVariables = .init(try AgentStore.sealedSecrets(of: row.id, db).map(\.name))
        identityIds = []
    }

    /// A new agent as the template says.
    func newAgent() -> CreateAgent {
        var body = CreateAgent()
        body.agentType = agentType
        body.system = systemPrompt
        body.description = description
        body.metadata = metadata
        body.tags = tags
        body.toolIDs = toolIds
        body.toolRules = toolRules
        // All tools and rules are listed.
        body.includeBaseTools = false
        body.includeBaseToolRules = false
        body.folderIDs = sourceIds?.map { ID($0) }
        body.identityIDs = identityIds?.map { ID($0) }
        body.llmConfig = llmConfig
        body.model = model
        body.embedding = embedding
        body.embeddingConfig = embeddingConfig
        body.compactionSettings = compactionSettings
        body.responseFormat = responseFormat
        body.timezone = timezone
        body.enableSleeptime = enableSleeptime
        properties?.apply(to: &body)
        return body
    }
}

extension TemplateSnapshot.Properties {
    fileprivate init(of row: AgentRow, _ config: LLMConfig) {
        self.init()
        enableReasoner = config.enableReasoner
        putInnerThoughtsInKwargs = config.putInnerThoughtsInKwargs
        contextWindowLimit = config.contextWindow
        maxTokens = config.maxTokens
        maxReasoningTokens = config.maxReasoningTokens
        maxFilesOpen = row.maxFilesOpen
        messageBufferAutoclear = row.messageBufferAutoclear
        verbosityLevel = config.verbosity
        reasoningEffort = config.reasoningEffort
        perFileViewWindowCharLimit = row.perFileViewWindowCharLimit
        temperature = config.temperature
        parallelToolCalls = config.parallelToolCalls
    }

    fileprivate func apply(to body: inout CreateAgent) {
        body.enableReasoner = enableReasoner
        body.contextWindowLimit = contextWindowLimit
        body.maxTokens = maxTokens
        body.maxReasoningTokens = maxReasoningTokens
        body.maxFilesOpen = maxFilesOpen
        body.messageBufferAutoclear = messageBufferAutoclear
        body.perFileViewWindowCharLimit = perFileViewWindowCharLimit
        var settings = ModelSettings()
        settings.temperature = temperature
        settings.reasoning = reasoningEffort.map { .init(reasoningEffort: $0) }
        settings.parallelToolCalls = parallelToolCalls
        body.modelSettings = settings
    }
}
