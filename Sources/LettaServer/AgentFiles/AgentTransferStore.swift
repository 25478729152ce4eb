import JSON
import LettaAPI
import Storage

/// What agent files need of several tables at once: whole histories, and which agents share something. Table
/// `agent_import` holds the files that the command line has imported.
enum AgentTransferStore {
    // MARK: Messages

    /// All messages of the agent's own conversation, oldest first.
    static func messages(of agent: ID<AgentState>, _ db: Transaction) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM message
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND conversation_id IS NULL
            ORDER BY position
            """
        ).map { try MessageRow($0) }
    }

    /// The messages of a conversation, its own system message first.
    static func messages(of conversation: ID<Conversation>, _ db: Transaction) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM conversation_message AS part
            JOIN message ON message.organization_id = part.organization_id AND message.id = part.message_id
            WHERE part.organization_id = \(db.organization) AND part.conversation_id = \(conversation)
            ORDER BY part.position
            """
        ).map { try MessageRow($0) }
    }

    /// Stores the whole history of a new agent.
    ///
    /// - Parameter context: the places of messages in the context.
    static func insert(_ messages: [MessageRow], context: [ID<Message>: Int], _ db: Transaction) throws {
        for messages in messages.chunks(binding: 18) {
            let tuples = messages.map { row -> SQLText in
                """
                (\(db.organization), \(row.id), \(row.agentID), \(row.conversationID), \(row.position),
                \(context[row.id]), \(row.role), \(row.content), \(row.said), \(row.name), \(row.model), \(row.otid),
                \(row.senderID), \(row.runID), \(row.stepID), \(row.isError), \(row.createdAt), \(row.createdAt))
                """
            }
            try db.execute(
                """
                INSERT INTO message (
                    organization_id, id, agent_id, conversation_id, position, context_position, role, content, said,
                    name, model, otid, sender_id, run_id, step_id, is_error, created_at, updated_at)
                VALUES \(SQLText.joined(tuples, separator: ", "))
                """)
        }
        try MessageSearchStore.index(messages, db)
    }

    // MARK: Contexts

    /// As many messages at the end of a context are read as show what it waits for.
    private static let longestEnd = 32

    /// The last messages of the agent's own context, in order.
    static func contextEnd(of agent: ID<AgentState>, _ db: Transaction) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM message
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND context_position IS NOT NULL
            ORDER BY context_position DESC LIMIT \(longestEnd)
            """
        ).reversed().map { try MessageRow($0) }
    }

    static func contextEnd(of conversation: ID<Conversation>, _ db: Transaction) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM conversation_message AS part
            JOIN message ON message.organization_id = part.organization_id AND message.id = part.message_id
            WHERE part.organization_id = \(db.organization) AND part.conversation_id = \(conversation)
                AND part.context_position IS NOT NULL
            ORDER BY part.context_position DESC LIMIT \(longestEnd)
            """
        ).reversed().map { try MessageRow($0) }
    }

    /// The conversations of an agent, oldest first.
    static func conversations(of agent: ID<AgentState>, _ db: Transaction) throws -> [ID<Conversation>] {
        try db.rows(
            """
            SELECT id FROM conversation WHERE organization_id = \(db.organization) AND agent_id = \(agent)
            ORDER BY created_at, id
            """
        ).map { try $0["id"] }
    }

    // MARK: Memory

    /// The passages of an archive with their tags, oldest first.
    static func passages(of archive: ID<Archive>, _ db: Transaction) throws -> [Passage] {
        let passages = try db.fetchAll(
            PassageStore.table, where: "archive_id = \(archive)", orderBy: "created_at, id")
        let tags = try TagStore.tags(of: passages.map(\.id), owner: "passage", db)
        return passages.map { passage in
            var passage = passage
            passage.tags = tags[passage.id]
            return passage
        }
    }

    /// The identities of an agent, oldest first.
    static func identities(of agent: ID<AgentState>, _ db: Transaction) throws -> [Identity] {
        try db.fetchAll(
            IdentityStore.table,
            where: """
                id IN (SELECT identity_id FROM agent_identity
                       WHERE organization_id = \(db.organization) AND agent_id = \(agent))
                """, orderBy: "created_at, id"
        ).map(\.wire)
    }

    /// The blocks of an identity.
    static func blocks(of identity: ID<Identity>, _ db: Transaction) throws -> [ID<Block>] {
        try db.rows(
            """
            SELECT block_id FROM block_identity
            WHERE organization_id = \(db.organization) AND identity_id = \(identity) ORDER BY block_id
            """
        ).map { try $0["block_id"] }
    }

    // MARK: Skills

    /// The skills that came with the agents, by their names.
    static func skills(of agents: [ID<AgentState>], _ db: Transaction) throws -> [String: RawJSON] {
        let rows = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT name, skill FROM agent_skill
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: agents)) ORDER BY name, agent_id
                """)
        }
        return Dictionary(try rows.map { (try $0["name"], try $0["skill"]) }) { first, _ in first }
    }

    static func insert(
        _ skills: [(name: String, skill: RawJSON)], of agent: ID<AgentState>, _ db: Transaction
    ) throws {
        for (name, skill) in skills {
            try db.execute(
                """
                INSERT INTO agent_skill (organization_id, agent_id, name, skill)
                VALUES (\(db.organization), \(agent), \(name), \(skill)) ON CONFLICT DO NOTHING
                """)
        }
    }

    // MARK: MCP servers

    /// The MCP servers that the tools belong to.
    static func servers(of tools: [ID<Tool>], _ db: Transaction) throws -> [ID<Tool>: ID<MCPServer>] {
        let rows = try tools.inStatements { tools in
            try db.rows(
                """
                SELECT tool_id, mcp_server_id FROM mcp_server_tool
                WHERE organization_id = \(db.organization) AND tool_id IN (\(list: tools))
                """)
        }
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0["tool_id"], try $0["mcp_server_id"]) })
    }

    /// Does nothing for a tool that belongs to a server already.
    static func link(_ tool: ID<Tool>, to server: ID<MCPServer>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO mcp_server_tool (organization_id, tool_id, mcp_server_id)
            VALUES (\(db.organization), \(tool), \(server)) ON CONFLICT DO NOTHING
            """)
    }

    static func server(named name: String, _ db: Transaction) throws -> MCPServerRow? {
        try db.fetchAll(MCPServerStore.table, where: "server_name = \(name)").first
    }

    // MARK: Groups

    /// The groups that one of the agents manages, oldest first.
    static func groups(managedBy agents: [ID<AgentState>], _ db: Transaction) throws -> [Group] {
        let rows = try agents.inStatements { agents in
            try db.fetchAll(
                GroupStore.table, where: "manager_agent_id IN (\(list: agents))", orderBy: "created_at, id")
        }
        return try GroupStore.complete(rows, db)
    }

    // MARK: Whole servers

    static func groups(_ db: Transaction) throws -> [Group] {
        try GroupStore.complete(db.fetchAll(GroupStore.table, where: "1 = 1", orderBy: "created_at, id"), db)
    }

    /// The ids of all agents, oldest first.
    static func agents(_ db: Transaction) throws -> [ID<AgentState>] {
        try db.rows("SELECT id FROM agent WHERE organization_id = \(db.organization) ORDER BY created_at, id")
            .map { try $0["id"] }
    }

    /// The agents that share a block, a folder or an archive, a list for each shared one.
    static func sharing(_ db: Transaction) throws -> [[ID<AgentState>]] {
        let rows = try db.rows(
            """
            SELECT block_id AS shared, agent_id FROM agent_block WHERE organization_id = \(db.organization)
            UNION ALL
            SELECT folder_id, agent_id FROM agent_folder WHERE organization_id = \(db.organization)
            UNION ALL
            SELECT archive_id, agent_id FROM agent_archive WHERE organization_id = \(db.organization)
            """)
        var agents: [String: [ID<AgentState>]] = [:]
        for row in rows { agents[try row["shared"], default: []].append(try row["agent_id"]) }
        return agents.values.filter { $0.count > 1 }
    }

    // MARK: Imported files

    /// The agents that a file with this digest became.
    static func agents(ofFile digest: String, _ db: Transaction) throws -> [ID<AgentState>] {
        try db.rows(
            """
            SELECT agent.id FROM agent_import
            JOIN agent ON agent.organization_id = agent_import.organization_id AND agent.id = agent_import.agent_id
            WHERE agent_import.organization_id = \(db.organization) AND agent_import.digest = \(digest)
            ORDER BY agent.created_at, agent.id
            """
        ).map { try $0["id"] }
    }

    static func note(_ agents: [ID<AgentState>], ofFile digest: String, _ db: Transaction) throws {
        for agents in agents.chunks(binding: 3) {
            let tuples = agents.map { "(\(db.organization), \(digest), \($0))" as SQLText }
            try db.execute(
                """
                INSERT INTO agent_import (organization_id, digest, agent_id)
                VALUES \(SQLText.joined(tuples, separator: ", "))
                """)
        }
    }
}
