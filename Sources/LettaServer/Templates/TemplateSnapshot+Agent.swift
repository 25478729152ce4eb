import AgentEngine
import JSON
import LettaAPI
import Storage

extension TemplateSnapshot {
    /// The most agents of a template.
    static let mostAgents = 50

    /// The configuration of an agent as a template; see ``TemplateMaker``.
    ///
    /// - Throws: `APIError` 404.
    static func snapshot(
        of id: ID<AgentState>, replacing old: TemplateSnapshot?, ids: IDSource, _ db: Transaction
    ) throws -> TemplateSnapshot {
        try snapshot(of: [id], in: nil, replacing: old, ids: ids, db)
    }

    /// The configuration of several agents as a template, with the group that they are in.
    static func snapshot(
        of agents: [ID<AgentState>], in group: Group?, replacing old: TemplateSnapshot?, ids: IDSource,
        _ db: Transaction
    ) throws -> TemplateSnapshot {
        var maker = TemplateMaker(old: old, ids: ids)
        for agent in agents { try maker.add(agent, db) }
        return try maker.snapshot(in: group)
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

    /// The one agent of a template that has no more.
    func agent() throws -> Agent {
        guard agents.count == 1 else {
            throw APIError.invalidArgument(
                "The template has \(agents.count) agents. Make them with POST /v1/templates/{name}/agents.")
        }
        return agents[0]
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
        guard (1...Self.mostAgents).contains(agents.count) else {
            throw refuse("agents", "a template has 1 to \(Self.mostAgents) agents")
        }
        let (known, members) = (Set(blocks.map(\.entityId)), Set(agents.map(\.entityId)))
        guard members.count == agents.count else { throw refuse("agents", "every entityId can be used once") }
        guard known.count == blocks.count,
            agents.allSatisfy({ Set(blocks(of: $0).map(\.label)).count == blocks(of: $0).count })
        else {
            throw refuse("blocks", "every entityId can be used once, and every label once by an agent")
        }
        guard relationships.allSatisfy({ members.contains($0.agentEntityId) && known.contains($0.blockEntityId) }),
            Set(relationships.map(\.blockEntityId)) == known
        else {
            throw refuse("relationships", "every block must be an agent's, and none may be there that is not listed")
        }
        for agent in agents {
            guard agent.toolVariables?.data.allSatisfy({ $0.defaultValue == nil }) != false else {
                throw refuse(
                    "toolVariables",
                    "a template stores no values of environment variables; send them as tool_variables")
            }
            _ = try AgentRules.toolRules(agent.toolRules ?? [])
        }
        try checkGroup()
    }

    /// The values of memory variables: the template's defaults, then those given.
    func values(_ given: [String: String]?) throws -> [String: String] {
        let pairs = agents.flatMap { $0.memoryVariables?.data ?? [] }.compactMap { variable in
            variable.defaultValue.map { (variable.key, $0) }
        }
        return Dictionary(pairs) { $1 }.merging(given ?? [:]) { $1 }
    }
}

extension TemplateSnapshot.Agent {
    /// - Parameter blocks: the agent's, as the template has them.
    init(
        of row: AgentRow, as entity: String, blocks: [TemplateSnapshot.TemplateBlock], variables: [String: String],
        _ db: Transaction
    ) throws {
        let config = try row.llmConfig.content()
        self.init(
            entityId: entity, name: row.name, agentType: row.agentType, model: row.model ?? config.model,
            systemPrompt: row.system)
        try setRelations(of: row, blocks: blocks, variables: variables, db)
        properties = TemplateSnapshot.Properties(of: row, config)
        description = row.description
        metadata = row.metadata
        llmConfig = row.model == nil ? config : nil
        embedding = row.embedding
        embeddingConfig = row.embedding == nil ? try row.embeddingConfig?.content() : nil
        compactionSettings = try row.compactionSettings.content()
        responseFormat = row.responseFormat
        timezone = row.timezone
        enableSleeptime = row.enableSleeptime
    }

    private mutating func setRelations(
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
