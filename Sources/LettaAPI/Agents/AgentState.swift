public import JSON

/// An agent as the API shows it: its own fields and, where asked for, what is attached to it.
public struct AgentState: ListedResource, Decodable, Sendable {
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
    public var lastRunDurationMs: Int?
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

extension AgentState: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("created_by_id", createdByID)
            $0.field("last_updated_by_id", lastUpdatedByID)
            $0.field("created_at", createdAt)
            $0.field("updated_at", updatedAt)
            $0.field("id", id)
            $0.field("name", name)
            $0.field("tool_rules", toolRules)
            $0.field("message_ids", messageIDs)
            $0.field("system", system)
            $0.field("agent_type", agentType)
            $0.field("llm_config", llmConfig)
            $0.field("embedding_config", embeddingConfig)
            $0.field("model", model)
            $0.field("embedding", embedding)
            $0.field("model_settings", modelSettings)
            $0.field("compaction_settings", compactionSettings)
            $0.field("response_format", responseFormat)
            $0.field("description", description)
            $0.field("metadata", metadata)
            $0.field("memory", Memory(agentType: agentType, blocks: relations.blocks, fileBlocks: relations.fileBlocks))
            $0.field("blocks", relations.blocks)
            $0.field("tools", relations.tools)
            $0.field("sources", relations.sources)
            $0.field("tags", relations.tags)
            $0.field("tool_exec_environment_variables", relations.secrets)
            $0.field("secrets", relations.secrets)
            writeOrigin(to: &$0)
            $0.field("identity_ids", relations.identities.map(\.id))
            $0.field("identities", relations.identities)
            $0.field("pending_approval", relations.pendingApproval)
            $0.field("message_buffer_autoclear", messageBufferAutoclear)
            $0.field("enable_sleeptime", enableSleeptime)
            $0.field("multi_agent_group", relations.managedGroup)
            $0.field("managed_group", relations.managedGroup)
            $0.field("last_run_completion", lastRunCompletion)
            $0.field("last_run_duration_ms", lastRunDurationMs)
            $0.field("last_stop_reason", lastStopReason)
            $0.field("timezone", timezone)
            $0.field("max_files_open", maxFilesOpen)
            $0.field("per_file_view_window_char_limit", perFileViewWindowCharLimit)
            $0.field("hidden", hidden)
        }
    }

    private func writeOrigin(to writer: inout JSONWriter) {
        writer.field("project_id", origin.projectID)
        writer.field("template_id", origin.templateID)
        writer.field("base_template_id", origin.baseTemplateID)
        writer.field("deployment_id", origin.deploymentID)
        writer.field("entity_id", origin.entityID)
    }
}

/// What is attached to an agent. Empty where it was not asked for.
public struct AgentRelations: Decodable, Sendable, JSONFlattened {
    public var blocks: [Block] = []
    public var tools: [Tool] = []
    public var tags: [String] = []
    public var secrets: [AgentSecret] = []
    public var identities: [Identity] = []
    public var sources: [Source] = []
    /// Inside `memory` on the wire.
    public var fileBlocks: [FileBlock] = []
    /// The group that the agent manages.
    public var managedGroup: Group?
    /// The calls at which the agent waits for a client.
    public var pendingApproval: LettaMessage?

    public init() {}

    private enum CodingKeys: String, CodingKey {
        case blocks, tools, tags, secrets, identities, sources, managedGroup, memory, pendingApproval
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        blocks = try fields.decode(.blocks, or: [])
        tools = try fields.decode(.tools, or: [])
        tags = try fields.decode(.tags, or: [])
        secrets = try fields.decode(.secrets, or: [])
        identities = try fields.decode(.identities, or: [])
        sources = try fields.decode(.sources, or: [])
        fileBlocks = try fields.decodeIfPresent(Memory.self, forKey: .memory)?.fileBlocks ?? []
        managedGroup = try fields.decodeIfPresent(Group.self, forKey: .managedGroup)
        pendingApproval = try fields.decodeIfPresent(LettaMessage.self, forKey: .pendingApproval)
    }
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
    public private(set) var gitEnabled: Bool? = false
    public var blocks: [Block]
    public var fileBlocks: [FileBlock]?
    public private(set) var promptTemplate: String? = ""

    public init(agentType: AgentType, blocks: [Block], fileBlocks: [FileBlock]) {
        self.agentType = agentType
        self.blocks = blocks
        self.fileBlocks = fileBlocks
    }
}

/// The kinds of agents: which loop runs their turns and what they are given at birth.
public enum AgentType: String, Codable, Sendable, CaseIterable, JSONWritable {
    case memgpt = "memgpt_agent"
    case memgptV2 = "memgpt_v2_agent"
    case lettaV1 = "letta_v1_agent"
    case react = "react_agent"
    case workflow = "workflow_agent"
    case splitThread = "split_thread_agent"
    case sleeptime = "sleeptime_agent"
    case voiceConversation = "voice_convo_agent"
    case voiceSleeptime = "voice_sleeptime_agent"
}

/// What the `include` parameter may ask for beside an agent's own fields.
public enum AgentInclusion: String, Codable, Sendable, CaseIterable {
    case blocks = "agent.blocks"
    case identities = "agent.identities"
    case managedGroup = "agent.managed_group"
    case pendingApproval = "agent.pending_approval"
    case secrets = "agent.secrets"
    case sources = "agent.sources"
    case tags = "agent.tags"
    case tools = "agent.tools"
}
