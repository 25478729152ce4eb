import JSON
import LettaAPI
import Storage

/// A row of table `agent`.
struct AgentRow: Sendable, Equatable {
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
    /// In tokens; what `llmConfig` says too, here so that the limits of open files need no decoding.
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
    /// What the time line of the system message says.
    var systemCompiledAt: Timestamp
    var createdByID: String?
    var lastUpdatedByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp
}

extension AgentRow {
    static let columns: SQLText = """
        agent.id, agent.project_id, agent.template_id, agent.base_template_id, agent.deployment_id, agent.entity_id,
        agent.name, agent.agent_type, agent.system_prompt, agent.description, agent.metadata, agent.tool_rules,
        agent.llm_config, agent.embedding_config, agent.model, agent.embedding, agent.model_settings,
        agent.compaction_settings, agent.response_format, agent.memory_variables, agent.context_window, agent.timezone,
        agent.message_buffer_autoclear, agent.enable_sleeptime, agent.hidden, agent.max_files_open,
        agent.per_file_view_window_char_limit, agent.last_run_completion, agent.last_run_duration_ms,
        agent.last_stop_reason, agent.next_message_position, agent.system_compiled_at, agent.created_by_id,
        agent.last_updated_by_id, agent.created_at, agent.updated_at
        """

    init(_ row: SQLRow) throws(SQLFailure) {
        id = try row["id"]
        origin = try TemplateOrigin(row)
        name = try row["name"]
        agentType = try row["agent_type"]
        system = try row["system_prompt"]
        description = try row["description"]
        metadata = try row["metadata"]
        toolRules = try row["tool_rules"]
        llmConfig = try row["llm_config"]
        embeddingConfig = try row["embedding_config"]
        model = try row["model"]
        embedding = try row["embedding"]
        modelSettings = try row["model_settings"]
        compactionSettings = try row["compaction_settings"]
        responseFormat = try row["response_format"]
        memoryVariables = try row["memory_variables"]
        contextWindow = try row["context_window"]
        timezone = try row["timezone"]
        messageBufferAutoclear = try row["message_buffer_autoclear"]
        enableSleeptime = try row["enable_sleeptime"]
        hidden = try row["hidden"]
        maxFilesOpen = try row["max_files_open"]
        perFileViewWindowCharLimit = try row["per_file_view_window_char_limit"]
        lastRunCompletion = try row["last_run_completion"]
        lastRunDurationMilliseconds = try row["last_run_duration_ms"]
        lastStopReason = try row["last_stop_reason"]
        nextMessagePosition = try row["next_message_position"]
        systemCompiledAt = try row["system_compiled_at"]
        createdByID = try row["created_by_id"]
        lastUpdatedByID = try row["last_updated_by_id"]
        createdAt = try row["created_at"]
        updatedAt = try row["updated_at"]
    }

    /// The agent as clients see it.
    func wire(messageIDs: [String], relations: AgentRelations) -> AgentState {
        let files = FileLimits(contextWindow: contextWindow)
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
        state.maxFilesOpen = maxFilesOpen ?? files.openFiles
        state.perFileViewWindowCharLimit = perFileViewWindowCharLimit ?? files.charactersPerFile
        state.lastRunCompletion = lastRunCompletion
        state.lastRunDurationMilliseconds = lastRunDurationMilliseconds
        state.lastStopReason = lastStopReason
        state.origin = origin
        state.createdByID = createdByID
        state.lastUpdatedByID = lastUpdatedByID
        state.updatedAt = updatedAt
        state.relations = relations
        return state
    }
}

/// How much of files fits a context window when nobody says; the steps are the peer's.
struct FileLimits {
    let openFiles: Int
    let charactersPerFile: Int

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
