public import JSON

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
            $0.field("memory", Memory(agentType: agentType, blocks: relations.blocks))
            $0.field("blocks", relations.blocks)
            $0.field("tools", relations.tools)
            $0.field("sources", [JSONValue]())
            $0.field("tags", relations.tags)
            $0.field("tool_exec_environment_variables", relations.secrets)
            $0.field("secrets", relations.secrets)
            writeOrigin(to: &$0)
            $0.field("identity_ids", [String]())
            $0.field("identities", [JSONValue]())
            $0.field("pending_approval", JSONValue.null)
            $0.field("message_buffer_autoclear", messageBufferAutoclear)
            $0.field("enable_sleeptime", enableSleeptime)
            $0.field("multi_agent_group", relations.managedGroup)
            $0.field("managed_group", relations.managedGroup)
            $0.field("last_run_completion", lastRunCompletion)
            $0.field("last_run_duration_ms", lastRunDurationMilliseconds)
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

extension AgentState: Decodable {
    enum CodingKeys: String, CodingKey {
        case id, name, system, description, metadata, model, embedding, timezone, hidden, blocks, tools, tags, secrets
        case agentType = "agent_type"
        case managedGroup = "managed_group"
        case messageIDs = "message_ids"
        case toolRules = "tool_rules"
        case llmConfig = "llm_config"
        case embeddingConfig = "embedding_config"
        case modelSettings = "model_settings"
        case compactionSettings = "compaction_settings"
        case responseFormat = "response_format"
        case messageBufferAutoclear = "message_buffer_autoclear"
        case enableSleeptime = "enable_sleeptime"
        case maxFilesOpen = "max_files_open"
        case perFileViewWindowCharLimit = "per_file_view_window_char_limit"
        case lastRunCompletion = "last_run_completion"
        case lastRunDurationMilliseconds = "last_run_duration_ms"
        case lastStopReason = "last_stop_reason"
        case createdByID = "created_by_id"
        case lastUpdatedByID = "last_updated_by_id"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decode(ID<AgentState>.self, forKey: .id)
        name = try fields.decode(String.self, forKey: .name)
        agentType = try fields.decode(AgentType.self, forKey: .agentType)
        system = try fields.decode(String.self, forKey: .system)
        description = try fields.decodeIfPresent(String.self, forKey: .description)
        metadata = try fields.decodeIfPresent(ObjectDocument.self, forKey: .metadata)
        messageIDs = try fields.decode(.messageIDs, or: [])
        toolRules = try fields.decode(RawJSON.self, forKey: .toolRules)
        llmConfig = try fields.decode(Document<LLMConfig>.self, forKey: .llmConfig)
        embeddingConfig = try fields.decodeIfPresent(Document<EmbeddingConfig>.self, forKey: .embeddingConfig)
        model = try fields.decodeIfPresent(String.self, forKey: .model)
        embedding = try fields.decodeIfPresent(String.self, forKey: .embedding)
        modelSettings = try fields.decode(Document<ModelSettings>.self, forKey: .modelSettings)
        compactionSettings = try fields.decode(Document<CompactionSettings>.self, forKey: .compactionSettings)
        responseFormat = try fields.decodeIfPresent(ObjectDocument.self, forKey: .responseFormat)
        timezone = try fields.decode(String.self, forKey: .timezone)
        messageBufferAutoclear = try fields.decode(.messageBufferAutoclear, or: false)
        enableSleeptime = try fields.decodeIfPresent(Bool.self, forKey: .enableSleeptime)
        hidden = try fields.decodeIfPresent(Bool.self, forKey: .hidden)
        maxFilesOpen = try fields.decode(Int.self, forKey: .maxFilesOpen)
        perFileViewWindowCharLimit = try fields.decode(Int.self, forKey: .perFileViewWindowCharLimit)
        lastRunCompletion = try fields.decodeIfPresent(Timestamp.self, forKey: .lastRunCompletion)
        lastRunDurationMilliseconds = try fields.decodeIfPresent(Int.self, forKey: .lastRunDurationMilliseconds)
        lastStopReason = try fields.decodeIfPresent(String.self, forKey: .lastStopReason)
        createdByID = try fields.decodeIfPresent(String.self, forKey: .createdByID)
        lastUpdatedByID = try fields.decodeIfPresent(String.self, forKey: .lastUpdatedByID)
        createdAt = try fields.decode(Timestamp.self, forKey: .createdAt)
        updatedAt = try fields.decode(Timestamp.self, forKey: .updatedAt)
        origin = try TemplateOrigin(from: decoder)
        relations = AgentRelations()
        relations.blocks = try fields.decode(.blocks, or: [])
        relations.tools = try fields.decode(.tools, or: [])
        relations.tags = try fields.decode(.tags, or: [])
        relations.secrets = try fields.decode(.secrets, or: [])
        relations.managedGroup = try fields.decodeIfPresent(Group.self, forKey: .managedGroup)
    }
}
