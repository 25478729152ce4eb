import JSON
import LettaAPI
import Storage

/// Tables `tool` and `agent_tool`.
enum ToolStore {
    static let table = Table<Stored<Tool>>("tool", renaming: ["metadata_": "metadata"])

    /// Inserts a tool, or updates the one with the same name, which keeps its id and creation time.
    static func upsert(_ row: Stored<Tool>, _ db: Transaction) throws {
        try db.upsert(row, into: table, onConflict: ["name"], keeping: ["project_id"])
    }

    static func rows(named names: [String], _ db: Transaction) throws -> [Stored<Tool>] {
        try names.inStatements { names in try db.fetchAll(table, where: "name IN (\(list: names))") }
    }

    // MARK: Lists

    static func page(_ query: ListTools, matching filter: CountTools, _ db: Transaction) throws -> Page<Tool> {
        try db.page(table, query, where: conditions(filter, db)).map(\.wire)
    }

    static func count(matching filter: CountTools, _ db: Transaction) throws -> Int {
        try db.count(table, where: conditions(filter, db))
    }

    /// The texts of all tools that match, newest first.
    static func texts(matching filter: CountTools, _ db: Transaction) throws -> [ToolText] {
        let conditions = ["organization_id = \(db.organization)"] + conditions(filter, db).compactMap { $0 }
        return try db.rows(
            """
            SELECT id, name, description, tags FROM tool WHERE \(SQLText.joined(conditions, separator: " AND "))
            ORDER BY created_at DESC, id DESC
            """
        ).map { row in
            let tags: RawJSON = try row["tags"]
            return ToolText(
                id: try row["id"], name: try row["name"], description: try row["description"] ?? "",
                tags: try tags.value().array?.compactMap(\.string) ?? [])
        }
    }

    static func conditions(_ filter: CountTools, _ db: Transaction) -> [SQLText?] {
        func isAny(_ column: SQLText, of values: [String]?) -> SQLText? {
            values.flatMap { $0.isEmpty ? nil : "\(column) IN (\(list: $0))" }
        }
        let isLetta = db.dialect.contains("tool_type", "letta_")
        return [
            filter.name.map { "name = \($0)" },
            isAny("name", of: filter.names), isAny("id", of: filter.toolIDs), isAny("tool_type", of: filter.toolTypes),
            filter.excludeToolTypes.flatMap { $0.isEmpty ? nil : "tool_type NOT IN (\(list: $0))" },
            filter.search.map { db.dialect.contains("name", $0) },
            filter.returnOnlyLettaTools == true ? isLetta : nil,
            filter.excludeLettaTools == true ? "NOT (\(isLetta))" : nil,
            // The tools of a project and those of no project.
            db.project.map { "(project_id = \($0) OR project_id IS NULL)" },
        ]
    }

    // MARK: Tools of agents

    /// Attaches a tool after the others; does nothing when it is attached already.
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

    /// Detaches the tools from all of the agents.
    static func detach(_ tools: [ID<Tool>], from agents: [ID<AgentState>], _ db: Transaction) throws {
        for agents in agents.chunks() where !tools.isEmpty {
            try db.execute(
                """
                DELETE FROM agent_tool
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: agents)) AND tool_id IN (\(list: tools))
                """)
        }
    }

    static func detachAll(from agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM agent_tool WHERE organization_id = \(db.organization) AND agent_id = \(agent)")
    }

    /// The tools that an agent can call, in the order of attachment.
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

    /// The tools of each agent, in the order of attachment.
    static func tools(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [Tool]] {
        let rows = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_tool.agent_id, \(table.columns) FROM agent_tool
                JOIN tool ON tool.organization_id = agent_tool.organization_id AND tool.id = agent_tool.tool_id
                WHERE agent_tool.organization_id = \(db.organization) AND agent_tool.agent_id IN (\(list: agents))
                ORDER BY agent_tool.agent_id, agent_tool.position
                """)
        }
        var tools: [ID<AgentState>: [Tool]] = [:]
        for row in rows { tools[try row["agent_id"], default: []].append(try table.row(row).wire) }
        return tools
    }
}
