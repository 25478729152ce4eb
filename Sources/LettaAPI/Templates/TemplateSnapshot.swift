public import JSON

/// What a version of a template consists of. The names on the wire are in camel case.
public struct TemplateSnapshot: Codable, Sendable, JSONWritable {
    public var agents: [Agent]
    public var blocks: [TemplateBlock]
    /// Which agent has which block, in the order of attachment.
    public var relationships: [Relationship]
    public var configuration: ObjectDocument?
    /// `classic`, or `sleeptime` where the agent has a companion; the type of the group of several agents, or `cluster` where
    /// they are in none.
    public var type: String?
    /// A number or `current`.
    public var version: String?

    public init(agents: [Agent], blocks: [TemplateBlock], relationships: [Relationship]) {
        self.agents = agents
        self.blocks = blocks
        self.relationships = relationships
        configuration = ObjectDocument()
        type = agents.count > 1 ? "cluster" : agents.first?.enableSleeptime == true ? "sleeptime" : "classic"
    }

    enum CodingKeys: String, VerbatimCodingKey {
        case agents, blocks, relationships, configuration, type, version
    }

    public struct Relationship: Codable, Sendable, JSONWritable {
        public var agentEntityId: String
        public var blockEntityId: String

        public init(agentEntityId: String, blockEntityId: String) {
            self.agentEntityId = agentEntityId
            self.blockEntityId = blockEntityId
        }

        enum CodingKeys: String, VerbatimCodingKey {
            case agentEntityId, blockEntityId
        }
    }

    /// How the agents of a group work together. The fields after `maxTurns` are this server's own.
    public struct GroupConfiguration: Codable, Sendable, JSONWritable {
        public var managerType: String?
        public var managerAgentEntityId: String?
        public var terminationToken: String?
        public var maxTurns: Int?
        public var description: String?
        /// In their order; left out: all agents but the manager.
        public var memberEntityIds: [String]?
        /// The blocks that new members get too.
        public var sharedBlockEntityIds: [String]?

        public init() {}

        enum CodingKeys: String, VerbatimCodingKey {
            case managerType, managerAgentEntityId, terminationToken, maxTurns
            case description, memberEntityIds, sharedBlockEntityIds
        }
    }

    /// Names that agents get values for.
    public struct Variables: Codable, Sendable, JSONWritable {
        public var version: String
        public var data: [Variable]

        public init(_ names: [String], defaults: [String: String] = [:]) {
            version = "v1"
            data = names.map { Variable(key: $0, defaultValue: defaults[$0], type: "string") }
        }
    }

    public struct Variable: Codable, Sendable, JSONWritable {
        public var key: String
        public var defaultValue: String?
        public var type: String?

        enum CodingKeys: String, VerbatimCodingKey {
            case key, defaultValue, type
        }
    }

    /// A block that each agent gets, with `{{name}}` where a variable's value goes.
    public struct TemplateBlock: Codable, Sendable, JSONWritable {
        public var entityId: String
        public var label: String
        public var value: String
        public var limit: Int?
        public var description: String?
        public var preserveOnMigration: Bool?
        public var readOnly: Bool?

        public init(entityId: String, label: String, value: String) {
            self.entityId = entityId
            self.label = label
            self.value = value
        }

        enum CodingKeys: String, VerbatimCodingKey {
            case entityId, label, value, limit, description, preserveOnMigration, readOnly
        }
    }
}

extension TemplateSnapshot {
    /// The settings of a model and a context, which the wire has in snake case.
    public struct Properties: Codable, Sendable, JSONWritable {
        public var enableReasoner: Bool?
        public var putInnerThoughtsInKwargs: Bool?
        public var contextWindowLimit: Int?
        public var maxTokens: Int?
        public var maxReasoningTokens: Int?
        public var maxFilesOpen: Int?
        public var messageBufferAutoclear: Bool?
        public var verbosityLevel: String?
        public var reasoningEffort: String?
        public var perFileViewWindowCharLimit: Int?
        public var temperature: Double?
        public var parallelToolCalls: Bool?

        public init() {}
    }

    /// What an agent is made from. The fields after `properties` are this server's own.
    public struct Agent: Codable, Sendable, JSONWritable {
        public var entityId: String
        public var name: String
        public var agentType: AgentType
        /// The handle of the model.
        public var model: String
        public var systemPrompt: String
        public var toolIds: [String]?
        public var sourceIds: [String]?
        public var memoryVariables: Variables?
        public var toolVariables: Variables?
        public var tags: [String]?
        public var identityIds: [String]?
        public var toolRules: [JSONValue]?
        public var properties: Properties?
        public var description: String?
        public var metadata: ObjectDocument?
        /// Only for a model without a handle.
        public var llmConfig: LLMConfig?
        public var embedding: String?
        public var embeddingConfig: EmbeddingConfig?
        public var compactionSettings: CompactionSettings?
        public var responseFormat: ObjectDocument?
        public var timezone: String?
        public var enableSleeptime: Bool?

        public init(
            entityId: String, name: String, agentType: AgentType, model: String, systemPrompt: String
        ) {
            self.entityId = entityId
            self.name = name
            self.agentType = agentType
            self.model = model
            self.systemPrompt = systemPrompt
        }

        enum CodingKeys: String, VerbatimCodingKey {
            case entityId, name, agentType, model, systemPrompt, toolIds, sourceIds, memoryVariables, toolVariables
            case tags, identityIds, toolRules, properties, description, metadata, llmConfig, embedding
            case embeddingConfig, compactionSettings, responseFormat, timezone, enableSleeptime
        }
    }
}
