public import JSON

/// A new agent. What is left out gets the documented default; either `model` or `llmConfig` is needed.
public struct CreateAgent: Codable, Sendable, JSONFlattened {
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
    public var identityIDs: [ID<Identity>]?
    public var folderIDs: [ID<Folder>]?
    /// The older spelling of `folderIDs`, which takes precedence.
    public var sourceIDs: [ID<Folder>]?
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
    /// A version of a template, `<name>:<version>`: what it says holds for the fields left out.
    public var fromTemplate: String?
    public var templateID: String?
    public var baseTemplateID: String?

    public init() {}
}
