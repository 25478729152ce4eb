import LettaAPI
import Storage

/// Table `imported_agent`, and what an import from Letta asks of the tables of others.
enum LettaImportStore {
    // MARK: What is here

    /// Those of the ids that a table has.
    static func present(_ ids: [String], in table: SQLText, _ db: Transaction) throws -> Set<String> {
        let rows = try ids.inStatements { ids in
            try db.rows(
                "SELECT id FROM \(table) WHERE organization_id = \(db.organization) AND id IN (\(list: ids))")
        }
        return Set(try rows.map { try $0["id"] })
    }

    /// Whether a table that is not divided by organization has the row.
    static func accountExists(_ id: String, in table: SQLText, _ db: any SQLExecutor) throws -> Bool {
        try db.row("SELECT 1 FROM \(table) WHERE id = \(id)") != nil
    }

    // MARK: Tools

    /// Gives a base tool that nothing uses yet the id that it had in Letta.
    ///
    /// - Returns: whether it has that id now.
    static func rename(_ tool: ID<Tool>, to id: ID<Tool>, _ db: Transaction) throws -> Bool {
        try db.execute(
            """
            UPDATE tool SET id = \(id) WHERE organization_id = \(db.organization) AND id = \(tool)
                AND NOT EXISTS (SELECT 1 FROM agent_tool
                    WHERE agent_tool.organization_id = tool.organization_id AND agent_tool.tool_id = tool.id)
                AND NOT EXISTS (SELECT 1 FROM mcp_server_tool
                    WHERE mcp_server_tool.organization_id = tool.organization_id AND mcp_server_tool.tool_id = tool.id)
            """) > 0
    }

    // MARK: Links

    /// Inserts one link between two rows unless it is there.
    static func link(_ table: SQLText, _ columns: (SQLText, SQLText), _ ids: (String, String), _ db: Transaction) throws
    {
        try db.execute(
            """
            INSERT INTO \(table) (organization_id, \(columns.0), \(columns.1))
            VALUES (\(db.organization), \(ids.0), \(ids.1)) ON CONFLICT DO NOTHING
            """)
    }

    static func linkTool(_ tool: String, to server: String, remoteName: String, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO mcp_server_tool (organization_id, tool_id, mcp_server_id, remote_name)
            VALUES (\(db.organization), \(tool), \(server), \(remoteName)) ON CONFLICT DO NOTHING
            """)
    }

    // MARK: Block history

    static func insert(_ version: BlockVersion, of block: ID<Block>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO block_version (
                organization_id, block_id, version, label, value, char_limit, description, metadata, actor_type,
                actor_id, created_at)
            VALUES (
                \(db.organization), \(block), \(version.version), \(version.label), \(version.value), \(version.limit),
                \(version.description), \(version.metadata), \(version.actorType), \(version.actorID),
                \(version.createdAt))
            ON CONFLICT (organization_id, block_id, version) DO NOTHING
            """)
    }

    // MARK: Agents

    /// How far the import of an agent is.
    struct Progress: Sendable {
        /// The key of the last message that was read there; empty before the first.
        var lastKey: String
        var isFinished: Bool
    }

    static func progress(of agent: ID<AgentState>, _ db: Transaction) throws -> Progress? {
        let row = try db.row(
            """
            SELECT last_key, finished_at FROM imported_agent
            WHERE organization_id = \(db.organization) AND agent_id = \(agent)
            """)
        guard let row else { return nil }
        let finishedAt: Timestamp? = try row["finished_at"]
        return Progress(lastKey: try row["last_key"], isFinished: finishedAt != nil)
    }

    static func begin(_ agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO imported_agent (organization_id, agent_id, last_key)
            VALUES (\(db.organization), \(agent), '')
            """)
    }

    /// Notes what was read, and where the next message of the agent goes.
    static func advance(_ agent: ID<AgentState>, to key: String, nextPosition: Int, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE imported_agent SET last_key = \(key)
            WHERE organization_id = \(db.organization) AND agent_id = \(agent)
            """)
        try db.execute(
            """
            UPDATE agent SET next_message_position = \(nextPosition)
            WHERE organization_id = \(db.organization) AND id = \(agent)
            """)
    }

    static func finish(_ agent: ID<AgentState>, at time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE imported_agent SET finished_at = \(time)
            WHERE organization_id = \(db.organization) AND agent_id = \(agent)
            """)
    }

    // MARK: Messages

    /// The messages of an agent in all of its conversations, in order.
    static func messages(
        of agent: ID<AgentState>, after position: Int, limit: Int, _ db: Transaction
    ) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM message
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND position > \(position)
            ORDER BY position LIMIT \(limit)
            """
        ).map { try MessageRow($0) }
    }

    /// A message as a part of a conversation.
    struct Part: Sendable {
        var message: String
        var position: Int
        /// Nil outside of the context.
        var contextPosition: Int?
    }

    static func insert(_ parts: [Part], into conversation: String, _ db: Transaction) throws {
        for parts in parts.chunks(binding: 5) {
            let tuples = parts.map { part -> SQLText in
                """
                (\(db.organization), \(conversation), \(part.position), \(part.message), \(part.contextPosition))
                """
            }
            try db.execute(
                """
                INSERT INTO conversation_message (
                    organization_id, conversation_id, position, message_id, context_position)
                VALUES \(SQLText.joined(tuples, separator: ", ")) ON CONFLICT DO NOTHING
                """)
        }
    }

    /// The positions of messages of an agent, by their ids, with their roles.
    static func positions(
        of messages: [String], _ db: Transaction
    ) throws -> [String: (position: Int, isSystem: Bool)] {
        let rows = try messages.inStatements { messages in
            try db.rows(
                """
                SELECT id, position, role FROM message
                WHERE organization_id = \(db.organization) AND id IN (\(list: messages))
                """)
        }
        return Dictionary(
            uniqueKeysWithValues: try rows.map { row -> (String, (position: Int, isSystem: Bool)) in
                let role: MessageRole = try row["role"]
                return (try row["id"], (position: try row["position"], isSystem: role == .system))
            })
    }
}
