import JSON
import LettaAPI
import Storage

/// A row of table `agent`.
struct AgentRow: Codable, Sendable, Equatable {
    var id: ID<AgentState>
    var origin: TemplateOrigin
    var name: String
    var agentType: AgentType
    var system: String
    var description: String?
    var metadata: ObjectDocument?
    var toolRules: RawJSON
    var llmConfig: Document<LLMConfig>
    var embeddingConfig: Document<EmbeddingConfig>?
    var model: String?
    var embedding: String?
    var modelSettings: Document<ModelSettings>
    var compactionSettings: Document<CompactionSettings>
    var responseFormat: ObjectDocument?
    var memoryVariables: RawJSON
    /// In tokens. `llmConfig` has it too; here, so that the limits of open files need no decoding.
    var contextWindow: Int
    var timezone: String
    var messageBufferAutoclear: Bool
    var enableSleeptime: Bool?
    var hidden: Bool?
    /// Nil: what fits the context window.
    var maxFilesOpen: Int?
    var perFileViewWindowCharLimit: Int?
    var lastRunCompletion: Timestamp?
    var lastRunDurationMilliseconds: Int?
    var lastStopReason: String?
    /// The position that the agent's next message gets.
    var nextMessagePosition: Int
    /// The time in the time line of the system message.
    var systemCompiledAt: Timestamp
    /// See `TokenCalibration`.
    var tokenPermille: Int?
    var createdByID: String?
    var lastUpdatedByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp
}

extension AgentRow {
    func wire(messageIDs: [String], relations: AgentRelations) -> AgentState {
        let files = fileLimits
        var state = AgentState(
            id: id, name: name, agentType: agentType, system: system, llmConfig: llmConfig,
            modelSettings: modelSettings, compactionSettings: compactionSettings, createdAt: createdAt)
        state.description = description
        state.metadata = metadata
        state.messageIDs = messageIDs
        state.toolRules = toolRules
        state.embeddingConfig = embeddingConfig
        state.model = model
        state.embedding = embedding
        state.responseFormat = responseFormat
        state.timezone = timezone
        state.messageBufferAutoclear = messageBufferAutoclear
        state.enableSleeptime = enableSleeptime
        state.hidden = hidden
        state.maxFilesOpen = files.openFiles
        state.perFileViewWindowCharLimit = files.charactersPerFile
        state.lastRunCompletion = lastRunCompletion
        state.lastRunDurationMs = lastRunDurationMilliseconds
        state.lastStopReason = lastStopReason
        state.origin = origin
        state.createdByID = createdByID
        state.lastUpdatedByID = lastUpdatedByID
        state.updatedAt = updatedAt
        state.relations = relations
        return state
    }
}

/// The default share of files in a context window; the steps are the peer's.
struct FileLimits {
    var openFiles: Int
    var charactersPerFile: Int

    /// - Parameter contextWindow: in tokens.
    init(contextWindow: Int) {
        (openFiles, charactersPerFile) =
            switch contextWindow {
            case ...8_000: (3, 5_000)
            case ...32_000: (5, 15_000)
            case ...128_000: (10, 25_000)
            case ...200_000: (10, 40_000)
            default: (15, 40_000)
            }
    }
}
