public import JSON

/// A new agent. What is left out gets the documented default; either `model` or `llmConfig` is needed.
public struct CreateAgent: Codable, Sendable {
    public var name: String?
    public var agentType: AgentType?
    /// The system prompt; nil for the default of the agent's type.
    public var system: String?
    /// Another name for `system`, taken when that one is absent.
    public var instructions: String?
    public var description: String?
    public var metadata: ObjectDocument?
    public var memoryBlocks: [CreateBlock]?
    public var blockIDs: [String]?
    /// Values for `{{name}}` in the values of `memoryBlocks`.
    public var memoryVariables: [String: String]?
    public var tools: [String]?
    public var toolIDs: [String]?
    public var toolRules: [JSONValue]?
    public var includeBaseTools: Bool?
    public var includeMultiAgentTools: Bool?
    public var includeBaseToolRules: Bool?
    public var tags: [String]?
    public var initialMessageSequence: [CreateMessage]?
    public var model: String?
    public var embedding: String?
    public var modelSettings: ModelSettings?
    public var llmConfig: LLMConfig?
    public var embeddingConfig: EmbeddingConfig?
    public var compactionSettings: CompactionSettings?
    public var contextWindowLimit: Int?
    public var embeddingChunkSize: Int?
    public var maxTokens: Int?
    public var maxReasoningTokens: Int?
    public var enableReasoner: Bool?
    public var reasoning: Bool?
    public var parallelToolCalls: Bool?
    public var responseFormat: ObjectDocument?
    public var secrets: [String: String]?
    public var toolExecEnvironmentVariables: [String: String]?
    public var messageBufferAutoclear: Bool?
    public var enableSleeptime: Bool?
    public var timezone: String?
    public var maxFilesOpen: Int?
    public var perFileViewWindowCharLimit: Int?
    public var hidden: Bool?
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case name, system, instructions, description, metadata, tools, tags, model, embedding, reasoning, secrets
        case timezone, hidden
        case agentType = "agent_type"
        case memoryBlocks = "memory_blocks"
        case blockIDs = "block_ids"
        case memoryVariables = "memory_variables"
        case toolIDs = "tool_ids"
        case toolRules = "tool_rules"
        case includeBaseTools = "include_base_tools"
        case includeMultiAgentTools = "include_multi_agent_tools"
        case includeBaseToolRules = "include_base_tool_rules"
        case initialMessageSequence = "initial_message_sequence"
        case modelSettings = "model_settings"
        case llmConfig = "llm_config"
        case embeddingConfig = "embedding_config"
        case compactionSettings = "compaction_settings"
        case contextWindowLimit = "context_window_limit"
        case embeddingChunkSize = "embedding_chunk_size"
        case maxTokens = "max_tokens"
        case maxReasoningTokens = "max_reasoning_tokens"
        case enableReasoner = "enable_reasoner"
        case parallelToolCalls = "parallel_tool_calls"
        case responseFormat = "response_format"
        case toolExecEnvironmentVariables = "tool_exec_environment_variables"
        case messageBufferAutoclear = "message_buffer_autoclear"
        case enableSleeptime = "enable_sleeptime"
        case maxFilesOpen = "max_files_open"
        case perFileViewWindowCharLimit = "per_file_view_window_char_limit"
        case projectID = "project_id"
        case templateID = "template_id"
        case baseTemplateID = "base_template_id"
    }
}
