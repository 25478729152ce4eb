public import JSON

/// An agent as the API shows it: its own fields and, where asked for, what is attached to it.
public struct AgentState: Resource, Sendable {
    public static let idPrefix = "agent"

    public var id: ID<AgentState>
    public var name: String
    public var agentType: AgentType
    public var system: String
    public var description: String?
    public var metadata: ObjectDocument?
    /// The messages in the context, in order; the first one is the system message.
    public var messageIDs: [String]
    public var toolRules: RawJSON
    public var llmConfig: Document<LLMConfig>
    public var embeddingConfig: Document<EmbeddingConfig>?
    /// The model's handle, `provider/name`; nil when the agent was made with a bare ``LLMConfig``.
    public var model: String?
    public var embedding: String?
    public var modelSettings: Document<ModelSettings>
    public var compactionSettings: Document<CompactionSettings>
    public var responseFormat: ObjectDocument?
    public var timezone: String
    public var messageBufferAutoclear: Bool
    public var enableSleeptime: Bool?
    public var hidden: Bool?
    public var maxFilesOpen: Int
    public var perFileViewWindowCharLimit: Int
    public var lastRunCompletion: Timestamp?
    public var lastRunDurationMilliseconds: Int?
    public var lastStopReason: String?
    public var origin: TemplateOrigin
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var relations: AgentRelations

    public init(
        id: ID<AgentState>, name: String, agentType: AgentType, system: String, llmConfig: Document<LLMConfig>,
        modelSettings: Document<ModelSettings>, compactionSettings: Document<CompactionSettings>, createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.agentType = agentType
        self.system = system
        self.llmConfig = llmConfig
        self.modelSettings = modelSettings
        self.compactionSettings = compactionSettings
        self.createdAt = createdAt
        messageIDs = []
        toolRules = RawJSON(JSONValue.array([]))
        timezone = "UTC"
        messageBufferAutoclear = false
        maxFilesOpen = 0
        perFileViewWindowCharLimit = 0
        origin = TemplateOrigin()
        updatedAt = createdAt
        relations = AgentRelations()
    }
}

/// What is attached to an agent. Empty where it was not asked for.
public struct AgentRelations: Sendable {
    public var blocks: [Block] = []
    public var tools: [Tool] = []
    public var tags: [String] = []
    public var secrets: [AgentSecret] = []
    /// The group that the agent manages.
    public var managedGroup: Group?

    public init() {}
}

/// An environment variable that an agent's tools see. The value is masked in every answer.
public struct AgentSecret: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "agent-env"

    public var id: ID<AgentSecret>
    public var agentID: ID<AgentState>
    public var key: String
    /// Never the secret itself: what stands here says only whether there is one.
    public var value: String
    public var description: String?
    public var organizationID: String?
    public var createdAt: Timestamp?
    public var updatedAt: Timestamp?

    public init(id: ID<AgentSecret>, agentID: ID<AgentState>, key: String, value: String) {
        self.id = id
        self.agentID = agentID
        self.key = key
        self.value = value
    }

    enum CodingKeys: String, CodingKey {
        case id, key, value, description
        case agentID = "agent_id"
        case organizationID = "organization_id"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("created_by_id", JSONValue.null)
            $0.field("last_updated_by_id", JSONValue.null)
            $0.field("created_at", createdAt)
            $0.field("updated_at", updatedAt)
            $0.field("id", id)
            $0.field("key", key)
            $0.field("value", value)
            $0.field("description", description)
            $0.field("organization_id", organizationID)
            $0.field("value_enc", value)
            $0.field("agent_id", agentID)
        }
    }
}

/// An agent's core memory.
public struct Memory: Codable, Sendable, JSONWritable {
    public var agentType: AgentType
    public var blocks: [Block]

    public init(agentType: AgentType, blocks: [Block]) {
        self.agentType = agentType
        self.blocks = blocks
    }

    enum CodingKeys: String, CodingKey {
        case blocks
        case agentType = "agent_type"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("agent_type", agentType)
            $0.field("git_enabled", false)
            $0.field("blocks", blocks)
            $0.field("file_blocks", [JSONValue]())
            $0.field("prompt_template", "")
        }
    }
}
