public import JSON

/// The changes a client may make to an agent. A field left out keeps its value; `null` clears what can be empty.
public struct UpdateAgent: Codable, Sendable {
    public var name: Patch<String> = .keep
    public var system: Patch<String> = .keep
    /// The documented spelling of `system`, which takes precedence.
    public var instructions: Patch<String> = .keep
    public var description: Patch<String> = .keep
    public var metadata: Patch<ObjectDocument> = .keep
    /// Replaces all tags.
    public var tags: Patch<[String]> = .keep
    /// Replaces all attached tools.
    public var toolIDs: Patch<[String]> = .keep
    /// Replaces all attached blocks.
    public var blockIDs: Patch<[String]> = .keep
    public var identityIDs: Patch<[ID<Identity>]> = .keep
    /// Replaces all attached folders.
    public var folderIDs: Patch<[ID<Folder>]> = .keep
    /// The older spelling of `folderIDs`, which takes precedence.
    public var sourceIDs: Patch<[ID<Folder>]> = .keep
    public var toolRules: Patch<[JSONValue]> = .keep
    /// Replaces the context; every id has to be a message of the agent.
    public var messageIDs: Patch<[String]> = .keep
    public var model: Patch<String> = .keep
    public var embedding: Patch<String> = .keep
    public var modelSettings: Patch<ModelSettings> = .keep
    public var llmConfig: Patch<LLMConfig> = .keep
    public var embeddingConfig: Patch<EmbeddingConfig> = .keep
    public var compactionSettings: Patch<CompactionSettings> = .keep
    public var contextWindowLimit: Patch<Int> = .keep
    public var maxTokens: Patch<Int> = .keep
    public var reasoning: Patch<Bool> = .keep
    public var parallelToolCalls: Patch<Bool> = .keep
    public var responseFormat: Patch<ObjectDocument> = .keep
    /// Replaces all secrets: one that is left out is removed, one whose value is the mask that answers show stays.
    public var secrets: Patch<SecretValues> = .keep
    public var toolExecEnvironmentVariables: Patch<SecretValues> = .keep
    public var messageBufferAutoclear: Patch<Bool> = .keep
    public var enableSleeptime: Patch<Bool> = .keep
    public var timezone: Patch<String> = .keep
    public var maxFilesOpen: Patch<Int> = .keep
    public var perFileViewWindowCharLimit: Patch<Int> = .keep
    public var hidden: Patch<Bool> = .keep
    public var lastRunCompletion: Patch<Timestamp> = .keep
    public var lastRunDurationMs: Patch<Int> = .keep
    public var lastStopReason: Patch<String> = .keep
    public var projectID: Patch<String> = .keep
    public var templateID: Patch<String> = .keep
    public var baseTemplateID: Patch<String> = .keep

    public init() {}
}
