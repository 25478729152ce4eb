import AgentEngine
import JSON
import LettaAPI
import Storage

/// Table `message`: all messages of agents, and which of them are in the context window.
enum MessageStore {
    /// Stores messages and appends those of the agent's own conversation to its context.
    ///
    /// Their position in the context is their position among all messages: no message in the context has a higher one.
    static func insert(_ messages: [MessageRow], _ db: Transaction) throws {
        for message in messages {
            try db.execute(
                """
                INSERT INTO message (
                    organization_id, id, agent_id, position, context_position, role, content, said, name, model, otid,
                    sender_id, run_id, step_id, is_error, created_at, updated_at, conversation_id)
                VALUES (
                    \(db.organization), \(message.id), \(message.agentID), \(message.position),
                    \(message.conversationID == nil ? message.position : nil),
                    \(message.role), \(message.content), \(message.said), \(message.name), \(message.model), \(message.otid),
                    \(message.senderID), \(message.runID), \(message.stepID), \(message.isError), \(message.createdAt),
                    \(message.createdAt), \(message.conversationID))
                """)
        }
        try MessageSearchStore.index(messages, db)
    }

    /// The condition that a message in a list is of a conversation; nil for those of all.
    ///
    /// - Parameter conversation: an id, or `default` for the agents' own conversations.
    static func isIn(_ conversation: String?) -> SQLText? {
        conversation.map { $0 == "default" ? "conversation_id IS NULL" : "conversation_id = \($0)" }
    }

    /// The condition that models took a message as it is.
    static let isTakenByModels: SQLText = "message.problem IS NULL"

    /// Makes the messages that a client gave with one run those of another, for the same messages.
    static func moveGiven(
        from old: ID<Run>, to new: ID<Run>, of agent: ID<AgentState>, _ db: Transaction
    ) throws {
        try db.execute(
            """
            UPDATE message SET run_id = \(new)
            WHERE organization_id = \(db.organization) AND run_id = \(old) AND agent_id = \(agent)
                AND role IN ('user', 'system')
            """)
    }

    /// Deletes up to `limit` messages that are in no context, the oldest ones.
    ///
    /// `COALESCE` keeps SQLite from reading the contexts of all conversations for each message. The system message of a
    /// conversation has the position -1.
    ///
    /// - Returns: the number of messages.
    static func deletePast(of agent: ID<AgentState>, limit: Int, _ db: Transaction) throws -> Int {
        let ids: [String] = try db.rows(
            """
            SELECT id FROM message
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND context_position IS NULL
                AND NOT EXISTS (
                    SELECT 1 FROM conversation_message AS part
                    WHERE part.organization_id = message.organization_id AND part.message_id = message.id
                        AND COALESCE(part.context_position, -2) >= -1)
            ORDER BY position LIMIT \(limit)
            """
        ).map { try $0["id"] }
        guard !ids.isEmpty else { return 0 }
        try WordIndexStore.messages.delete(ids, db)
        try db.execute("DELETE FROM message WHERE organization_id = \(db.organization) AND id IN (\(list: ids))")
        return ids.count
    }

    // MARK: Context

    /// Replaces the context by these messages, in this order.
    static func replaceContext(of agent: ID<AgentState>, with messages: [ID<Message>], _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE message SET context_position = NULL, left_position = \(PastContextStore.now(of: agent, db))
            WHERE \(isInContext(of: agent, db))
            """)
        for (position, message) in messages.enumerated() {
            try db.execute(
                """
                UPDATE message SET context_position = \(position), left_position = NULL
                WHERE organization_id = \(db.organization) AND id = \(message)
                """)
        }
    }

    /// The ids of the messages in the context of each agent, in order.
    static func contextIDs(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [String]] {
        var ids: [ID<AgentState>: [String]] = [:]
        let rows = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_id, id FROM message
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: agents))
                    AND context_position IS NOT NULL
                ORDER BY agent_id, context_position
                """)
        }
        for row in rows { ids[try row["agent_id"], default: []].append(try row["id"]) }
        return ids
    }

    /// The messages in an agent's context in the form that a turn reads.
    static func turnContext(of agent: ID<AgentState>, _ db: Transaction) throws -> [ContextRow] {
        try contextRows(ContextRow.columns, of: agent, db).map(ContextRow.init)
    }

    /// The messages in an agent's context, in order.
    static func context(of agent: ID<AgentState>, _ db: Transaction) throws -> [MessageRow] {
        try contextRows(MessageRow.columns, of: agent, db).map { try MessageRow($0) }
    }

    /// The system message at the start of the context; nil when the context starts with another message.
    static func systemMessage(of agent: ID<AgentState>, _ db: Transaction) throws -> MessageRow? {
        let rows = try contextRows(MessageRow.columns, of: agent, ending: " LIMIT 1", db)
        let first = try rows.first.map { try MessageRow($0) }
        return first?.role == .system ? first : nil
    }

    private static func contextRows(
        _ columns: SQLText, of agent: ID<AgentState>, ending: SQLText = "", _ db: Transaction
    ) throws -> [SQLRow] {
        try db.rows(
            """
            SELECT \(columns) FROM message WHERE \(isInContext(of: agent, db))
            ORDER BY context_position\(ending)
            """)
    }

    private static func isInContext(of agent: ID<AgentState>, _ db: Transaction) -> SQLText {
        "organization_id = \(db.organization) AND agent_id = \(agent) AND context_position IS NOT NULL"
    }

    /// The number of the ids that name messages of the agent's own conversation.
    static func countOwned(_ ids: [ID<Message>], by agent: ID<AgentState>, _ db: Transaction) throws -> Int {
        try ids.inStatements { ids in
            try db.rows(
                """
                SELECT id FROM message
                WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND id IN (\(list: ids))
                    AND conversation_id IS NULL
                """)
        }.count
    }
}
