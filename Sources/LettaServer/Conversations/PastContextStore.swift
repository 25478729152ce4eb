import LettaAPI
import Storage

/// What was in contexts before: columns `left_position` and `place` of tables `message` and `conversation_message`.
///
/// A message is in the context from its position on until its `left_position`, in the positions of its agent. A message
/// that a client puts back counts as never having been away.
enum PastContextStore {
    /// Where a step stands in its thread.
    struct Place: Sendable {
        let thread: ContextThread
        /// The position of the first message that it stored.
        let position: Int
    }

    /// The value of `left_position` of what leaves a context of the agent now.
    static func now(of agent: ID<AgentState>, _ db: Transaction) -> SQLText {
        """
        (SELECT agent.next_message_position FROM agent
            WHERE agent.organization_id = \(db.organization) AND agent.id = \(agent))
        """
    }

    /// Nil for a step that stored no message, or whose messages are deleted.
    static func place(of step: ID<Step>, _ db: Transaction) throws -> Place? {
        try db.row(
            """
            SELECT agent_id, conversation_id, position FROM message
            WHERE organization_id = \(db.organization) AND step_id = \(step) AND role = 'assistant'
            ORDER BY position LIMIT 1
            """
        ).map { row in
            Place(
                thread: ContextThread(agent: try row["agent_id"], conversation: try row["conversation_id"]),
                position: try row["position"])
        }
    }

    /// Adds to a new conversation what was in the context at the place, all but the system message.
    ///
    /// - Throws: `APIError` 409 where this was not noted yet.
    static func share(_ place: Place, with id: ID<Conversation>, _ db: Transaction) throws {
        let (table, message, isInThread) = source(place.thread)
        let before: SQLText = """
            organization_id = \(db.organization) AND \(isInThread) AND position < \(place.position)
            """
        let unknown: Int? = try db.value(
            """
            SELECT 1 FROM \(table) WHERE \(before) AND left_position < 0 AND -left_position > \(place.position) LIMIT 1
            """)
        guard unknown == nil else {
            throw APIError(
                409, "The context was compacted or reset after this step by a version that did not note what left it.")
        }
        try db.execute(
            """
            INSERT INTO conversation_message (
                organization_id, conversation_id, position, message_id, context_position, place)
            SELECT organization_id, \(id), position, \(message), COALESCE(place, position), place FROM \(table)
            WHERE \(before) AND (context_position IS NOT NULL OR left_position > \(place.position))
            """)
    }

    /// The table of a thread's messages, the column with their ids, and the condition that tells them from others.
    private static func source(_ thread: ContextThread) -> (table: SQLText, message: SQLText, condition: SQLText) {
        if let conversation = thread.conversation {
            // Its own system message is the one before the first.
            return ("conversation_message", "message_id", "conversation_id = \(conversation) AND position >= 0")
        }
        // A system message without a run is the agent's own.
        return (
            "message", "id",
            "agent_id = \(thread.agent) AND conversation_id IS NULL AND (role <> 'system' OR run_id IS NOT NULL)"
        )
    }
}
