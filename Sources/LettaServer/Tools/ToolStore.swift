import JSON
import LettaAPI
import Storage

/// Tables `tool` and `agent_tool`.
enum ToolStore {
    /// Writes a tool, in the place of one with the same name, whose id and time of creation stay.
    static func upsert(_ row: ToolRow, _ db: Transaction) throws {
        let tool = row.tool
        try db.execute(
            """
            INSERT INTO tool (
                organization_id, id, project_id, name, tool_type, description, source_type, source_code, json_schema,
                args_json_schema, tags, return_char_limit, pip_requirements, npm_requirements,
                default_requires_approval, enable_parallel_execution, metadata, created_by_id, last_updated_by_id,
                created_at, updated_at)
            VALUES (
                \(db.organization), \(tool.id), \(tool.projectID), \(tool.name), \(tool.toolType),
                \(tool.description), \(tool.sourceType), \(tool.sourceCode), \(tool.jsonSchema),
                \(tool.argsJSONSchema), \(RawJSON(tool.tags)), \(tool.returnCharLimit), \(tool.pipRequirements),
                \(tool.npmRequirements), \(tool.defaultRequiresApproval), \(tool.enableParallelExecution),
                \(tool.metadata), \(tool.createdByID), \(tool.lastUpdatedByID), \(row.createdAt), \(row.updatedAt))
            ON CONFLICT (organization_id, name) DO UPDATE SET
                tool_type = excluded.tool_type, description = excluded.description,
                source_type = excluded.source_type, source_code = excluded.source_code,
                json_schema = excluded.json_schema, args_json_schema = excluded.args_json_schema,
                tags = excluded.tags, return_char_limit = excluded.return_char_limit,
                pip_requirements = excluded.pip_requirements, npm_requirements = excluded.npm_requirements,
                default_requires_approval = excluded.default_requires_approval,
                enable_parallel_execution = excluded.enable_parallel_execution, metadata = excluded.metadata,
                last_updated_by_id = excluded.last_updated_by_id, updated_at = excluded.updated_at
            """)
    }

    /// Writes all fields that can change.
    static func update(_ row: ToolRow, _ db: Transaction) throws {
        let tool = row.tool
        try db.execute(
            """
            UPDATE tool SET
                name = \(tool.name), description = \(tool.description), source_type = \(tool.sourceType),
                source_code = \(tool.sourceCode), json_schema = \(tool.jsonSchema),
                args_json_schema = \(tool.argsJSONSchema), tags = \(RawJSON(tool.tags)),
                return_char_limit = \(tool.returnCharLimit), pip_requirements = \(tool.pipRequirements),
                npm_requirements = \(tool.npmRequirements),
                default_requires_approval = \(tool.defaultRequiresApproval),
                enable_parallel_execution = \(tool.enableParallelExecution), metadata = \(tool.metadata),
                last_updated_by_id = \(tool.lastUpdatedByID), updated_at = \(row.updatedAt)
            WHERE organization_id = \(db.organization) AND id = \(tool.id)
            """)
    }

    /// Deletes the tool, takes it from all agents, and keeps its place in lists.
    static func delete(_ row: ToolRow, _ db: Transaction) throws {
        try DeletedKeyStore.note(row.tool.id.rawValue, createdAt: row.createdAt, updatedAt: row.updatedAt, db)
        try db.execute("DELETE FROM tool WHERE organization_id = \(db.organization) AND id = \(row.tool.id)")
    }

    /// The row, kept from changing under a transaction that means to change it.
    static func rowForUpdate(_ id: ID<Tool>, _ db: Transaction) throws -> ToolRow? {
        try db.row(
            """
            SELECT \(ToolRow.columns) FROM tool
            WHERE organization_id = \(db.organization) AND id = \(id) \(db.dialect.forUpdate)
            """
        ).map { try ToolRow($0) }
    }

    static func rows(named names: [String], _ db: Transaction) throws -> [ToolRow] {
        try names.inStatements { names in
            try db.rows(
                """
                SELECT \(ToolRow.columns) FROM tool
                WHERE organization_id = \(db.organization) AND name IN (\(list: names))
                """)
        }.map { try ToolRow($0) }
    }

    static func rows(_ ids: [ID<Tool>], _ db: Transaction) throws -> [ToolRow] {
        try ids.inStatements { ids in
            try db.rows(
                """
                SELECT \(ToolRow.columns) FROM tool
                WHERE organization_id = \(db.organization) AND id IN (\(list: ids))
                """)
        }.map { try ToolRow($0) }
    }

    // MARK: Tools of agents

    /// Attaches a tool behind the others; nothing happens when it is attached already.
    static func attach(_ tool: ID<Tool>, to agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO agent_tool (organization_id, agent_id, tool_id, position)
            SELECT \(db.organization), \(agent), \(tool), COALESCE(MAX(position), -1) + 1
            FROM agent_tool WHERE organization_id = \(db.organization) AND agent_id = \(agent)
            ON CONFLICT (organization_id, agent_id, tool_id) DO NOTHING
            """)
    }

    /// - Returns: whether the tool was attached.
    @discardableResult
    static func detach(
        _ tool: ID<Tool>, from agent: ID<AgentState>, _ db: Transaction
    ) throws -> Bool {
        try db.execute(
            """
            DELETE FROM agent_tool
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND tool_id = \(tool)
            """) > 0
    }

    static func detachAll(from agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM agent_tool WHERE organization_id = \(db.organization) AND agent_id = \(agent)")
    }

    /// The tools that an agent can call, in the order of their attaching.
    static func callableTools(of agent: ID<AgentState>, _ db: Transaction) throws -> [CallableToolRow] {
        try db.rows(
            """
            SELECT \(CallableToolRow.columns) FROM agent_tool
            JOIN tool ON tool.organization_id = agent_tool.organization_id AND tool.id = agent_tool.tool_id
            WHERE agent_tool.organization_id = \(db.organization) AND agent_tool.agent_id = \(agent)
            ORDER BY agent_tool.position
            """
        ).map { try CallableToolRow($0) }
    }

    /// The tools of each of the agents, in the order of their attaching.
    static func tools(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [Tool]] {
        let rows = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_tool.agent_id, \(ToolRow.columns) FROM agent_tool
                JOIN tool ON tool.organization_id = agent_tool.organization_id AND tool.id = agent_tool.tool_id
                WHERE agent_tool.organization_id = \(db.organization) AND agent_tool.agent_id IN (\(list: agents))
                ORDER BY agent_tool.agent_id, agent_tool.position
                """)
        }
        var tools: [ID<AgentState>: [Tool]] = [:]
        for row in rows { tools[try row["agent_id"], default: []].append(try ToolRow(row).tool) }
        return tools
    }
}
