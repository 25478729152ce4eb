import JSON
import LettaAPI
import Storage

/// Tables `agent`, `agent_tag` and `agent_secret`. Functions take an open transaction and do no waiting.
enum AgentStore {
    static func insert(_ agent: AgentRow, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO agent (
                organization_id, id, project_id, template_id, base_template_id, deployment_id, entity_id, name,
                agent_type, system_prompt, description, metadata, tool_rules, llm_config, embedding_config, model,
                embedding, model_settings, compaction_settings, response_format, memory_variables, context_window,
                timezone, message_buffer_autoclear, enable_sleeptime, hidden, max_files_open,
                per_file_view_window_char_limit, last_run_completion, last_run_duration_ms, last_stop_reason,
                next_message_position, system_compiled_at, created_by_id, last_updated_by_id, created_at, updated_at)
            VALUES (
                \(db.organization), \(agent.id), \(agent.origin.projectID), \(agent.origin.templateID),
                \(agent.origin.baseTemplateID), \(agent.origin.deploymentID), \(agent.origin.entityID), \(agent.name),
                \(agent.agentType), \(agent.system), \(agent.description), \(agent.metadata), \(agent.toolRules),
                \(agent.llmConfig), \(agent.embeddingConfig), \(agent.model), \(agent.embedding),
                \(agent.modelSettings), \(agent.compactionSettings), \(agent.responseFormat), \(agent.memoryVariables),
                \(agent.contextWindow), \(agent.timezone), \(agent.messageBufferAutoclear), \(agent.enableSleeptime),
                \(agent.hidden), \(agent.maxFilesOpen), \(agent.perFileViewWindowCharLimit),
                \(agent.lastRunCompletion), \(agent.lastRunDurationMilliseconds), \(agent.lastStopReason),
                \(agent.nextMessagePosition), \(agent.systemCompiledAt), \(agent.createdByID),
                \(agent.lastUpdatedByID), \(agent.createdAt), \(agent.updatedAt))
            """)
    }

    /// Writes all fields that a change may touch.
    static func update(_ agent: AgentRow, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE agent SET
                project_id = \(agent.origin.projectID), template_id = \(agent.origin.templateID),
                base_template_id = \(agent.origin.baseTemplateID), name = \(agent.name),
                system_prompt = \(agent.system), description = \(agent.description), metadata = \(agent.metadata),
                tool_rules = \(agent.toolRules), llm_config = \(agent.llmConfig),
                embedding_config = \(agent.embeddingConfig), model = \(agent.model), embedding = \(agent.embedding),
                model_settings = \(agent.modelSettings), compaction_settings = \(agent.compactionSettings),
                response_format = \(agent.responseFormat), context_window = \(agent.contextWindow),
                timezone = \(agent.timezone), message_buffer_autoclear = \(agent.messageBufferAutoclear),
                enable_sleeptime = \(agent.enableSleeptime), hidden = \(agent.hidden),
                max_files_open = \(agent.maxFilesOpen),
                per_file_view_window_char_limit = \(agent.perFileViewWindowCharLimit),
                last_run_completion = \(agent.lastRunCompletion),
                last_run_duration_ms = \(agent.lastRunDurationMilliseconds),
                last_stop_reason = \(agent.lastStopReason), next_message_position = \(agent.nextMessagePosition),
                system_compiled_at = \(agent.systemCompiledAt), last_updated_by_id = \(agent.lastUpdatedByID),
                updated_at = \(agent.updatedAt)
            WHERE organization_id = \(db.organization) AND id = \(agent.id)
            """)
    }

    /// Deletes the agent with its messages, tags, secrets and attachments, and keeps its place in lists.
    static func delete(_ agent: AgentRow, _ db: Transaction) throws {
        for table in ["run", "step"] as [SQLText] {
            try DeletedKeyStore.note(table, where: "agent_id = \(agent.id)", db)
        }
        try DeletedKeyStore.note(
            agent.id.rawValue, createdAt: agent.createdAt, updatedAt: agent.updatedAt,
            lastRunCompletion: agent.lastRunCompletion, db)
        try db.execute("DELETE FROM agent WHERE organization_id = \(db.organization) AND id = \(agent.id)")
    }

    static func row(_ id: ID<AgentState>, _ db: Transaction) throws -> AgentRow? {
        try db.row(
            "SELECT \(AgentRow.columns) FROM agent WHERE organization_id = \(db.organization) AND id = \(id)"
        ).map { try AgentRow($0) }
    }

    static func rows(_ ids: [ID<AgentState>], _ db: Transaction) throws -> [AgentRow] {
        try ids.inStatements { ids in
            try db.rows(
                """
                SELECT \(AgentRow.columns) FROM agent
                WHERE organization_id = \(db.organization) AND id IN (\(list: ids))
                """)
        }.map { try AgentRow($0) }
    }

    /// The rows, kept from changing as by `rowForUpdate`; in order of id, so that nobody waits in a circle.
    static func rowsForUpdate(_ ids: [ID<AgentState>], _ db: Transaction) throws -> [AgentRow] {
        try ids.sorted { $0.rawValue < $1.rawValue }.inStatements { ids in
            try db.rows(
                """
                SELECT \(AgentRow.columns) FROM agent
                WHERE organization_id = \(db.organization) AND id IN (\(list: ids))
                ORDER BY id \(db.dialect.forUpdate)
                """)
        }.map { try AgentRow($0) }
    }

    /// The row, kept from changing under a transaction that means to change it or what hangs on it.
    static func rowForUpdate(_ id: ID<AgentState>, _ db: Transaction) throws -> AgentRow? {
        try db.row(
            """
            SELECT \(AgentRow.columns) FROM agent
            WHERE organization_id = \(db.organization) AND id = \(id) \(db.dialect.forUpdate)
            """
        ).map { try AgentRow($0) }
    }

    static func exists(_ id: ID<AgentState>, _ db: Transaction) throws -> Bool {
        try db.row("SELECT 1 FROM agent WHERE organization_id = \(db.organization) AND id = \(id)") != nil
    }

    // MARK: Tags

    static func replaceTags(of id: ID<AgentState>, with tags: [String], _ db: Transaction) throws {
        try db.execute("DELETE FROM agent_tag WHERE organization_id = \(db.organization) AND agent_id = \(id)")
        for (position, tag) in tags.withoutDuplicates.enumerated() {
            try db.execute(
                """
                INSERT INTO agent_tag (organization_id, agent_id, tag, position)
                VALUES (\(db.organization), \(id), \(tag), \(position))
                """)
        }
    }

    static func tags(of ids: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [String]] {
        var tags: [ID<AgentState>: [String]] = [:]
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT agent_id, tag FROM agent_tag
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: ids))
                ORDER BY agent_id, position
                """)
        }
        for row in rows { tags[try row["agent_id"], default: []].append(try row["tag"]) }
        return tags
    }

    // MARK: Secrets

    /// Makes these all the secrets of the agent, in this order.
    static func replaceSecrets(of id: ID<AgentState>, with secrets: [SealedSecret], _ db: Transaction) throws {
        try db.execute("DELETE FROM agent_secret WHERE organization_id = \(db.organization) AND agent_id = \(id)")
        for (position, secret) in secrets.enumerated() {
            try db.execute(
                """
                INSERT INTO agent_secret (
                    organization_id, agent_id, id, name, sealed_value, description, position, created_at, updated_at)
                VALUES (\(db.organization), \(id), \(secret.id), \(secret.name), \(secret.sealedValue),
                    \(secret.description), \(position), \(secret.createdAt), \(secret.updatedAt))
                """)
        }
    }

    /// The secrets of an agent with their encrypted values.
    static func sealedSecrets(of id: ID<AgentState>, _ db: Transaction) throws -> [SealedSecret] {
        try db.rows(
            """
            SELECT id, name, sealed_value, description, created_at, updated_at FROM agent_secret
            WHERE organization_id = \(db.organization) AND agent_id = \(id) ORDER BY position
            """
        ).map { row in
            SealedSecret(
                id: try row["id"], name: try row["name"], sealedValue: try row["sealed_value"],
                description: try row["description"], createdAt: try row["created_at"],
                updatedAt: try row["updated_at"])
        }
    }

    /// The secrets of each agent as clients may see them: without their values.
    static func secrets(of ids: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [AgentSecret]] {
        var secrets: [ID<AgentState>: [AgentSecret]] = [:]
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT agent_id, id, name, description, created_at, updated_at FROM agent_secret
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: ids))
                ORDER BY agent_id, position
                """)
        }
        for row in rows {
            let agent: ID<AgentState> = try row["agent_id"]
            var secret = AgentSecret(id: try row["id"], agentID: agent, key: try row["name"], value: SealedSecret.mask)
            secret.description = try row["description"]
            secret.organizationID = db.organization
            secret.createdAt = try row["created_at"]
            secret.updatedAt = try row["updated_at"]
            secrets[agent, default: []].append(secret)
        }
        return secrets
    }
}

/// An environment variable of an agent whose value is encrypted.
struct SealedSecret: Sendable, Equatable {
    let id: ID<AgentSecret>
    let name: String
    let sealedValue: String
    let description: String?
    let createdAt: Timestamp
    let updatedAt: Timestamp

    /// The row that a value is sealed for: it opens in no other.
    static func place(of name: String, agent: ID<AgentState>) -> String {
        "agent_secret/\(agent)/\(name)"
    }

    /// What answers show in place of a value; in a change it stands for the stored one.
    static let mask = "********"
}
