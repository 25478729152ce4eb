import AgentEngine
import LettaAPI
import Storage

/// What turns write to their agent: few columns of a wide row with many indexes.
enum TurnStore {
    /// Appends messages to the agent's messages and to the context of their conversation, and stores how `run` ended, if
    /// it has.
    ///
    /// - Parameter conversation: nil for the agent's own.
    static func append(
        _ messages: [TurnMessage], to agent: ID<AgentState>, in conversation: ID<Conversation>? = nil, model: String?,
        ending run: Run? = nil, _ db: Transaction
    ) throws {
        guard let first = try takePositions(messages.count, of: agent, ending: run, db) else {
            throw APIError.notFound("Agent", agent)
        }
        let rows = messages.enumerated().map { index, message in
            var row = MessageRow(
                message, agentID: agent, position: first + index, model: message.role == .user ? nil : model)
            row.conversationID = conversation
            return row
        }
        try MessageStore.insert(rows, db)
        guard let conversation else { return }
        try ConversationMessageStore.append(rows, to: conversation, db)
        let last = rows.last?.createdAt
        guard try ConversationStore.noteTurn(in: conversation, lastMessageAt: last, ending: run, db) else {
            throw APIError.notFound("Conversation", conversation)
        }
    }

    /// Reserves the next `count` message positions. Locks the agent's row until the transaction ends.
    ///
    /// - Returns: the first position; nil when there is no such agent.
    static func takePositions(
        _ count: Int, of agent: ID<AgentState>, ending run: Run? = nil, _ db: Transaction
    ) throws -> Int? {
        let end: SQLText = if let run { ", \(lastRun(run))" } else { "" }
        let next: Int? = try db.value(
            """
            UPDATE agent SET next_message_position = next_message_position + \(count)\(end)
            WHERE organization_id = \(db.organization) AND id = \(agent)
            RETURNING next_message_position
            """)
        return next.map { $0 - count }
    }

    /// Stores when and how the agent's last run ended, unless a later one has ended already.
    static func setLastRun(_ run: Run, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE agent SET \(lastRun(run))
            WHERE organization_id = \(db.organization) AND id = \(run.agentID)
                AND (last_run_completion IS NULL OR last_run_completion <= \(run.completedAt))
            """)
        if let conversation = run.conversationID {
            _ = try ConversationStore.noteTurn(in: conversation, lastMessageAt: nil, ending: run, db)
        }
    }

    private static func lastRun(_ run: Run) -> SQLText {
        """
        last_run_completion = \(run.completedAt), last_stop_reason = \(run.stopReason?.rawValue),
        last_run_duration_ms = \(run.totalDuration.map { $0 / 1_000_000 })
        """
    }
}
