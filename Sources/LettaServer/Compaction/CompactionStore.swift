import AgentEngine
import JSON
import LettaAPI
import Storage

/// Takes messages out of contexts. They stay in the lists.
enum CompactionStore {
    /// Replaces messages in the context by a summary, and recompiles the system message.
    ///
    /// - Returns: whether any of the messages was still in the context; if not, nothing was written.
    static func replace(
        _ evicted: [ID<Message>], by summary: TurnMessage, in thread: ContextThread, model: String, at time: Timestamp,
        _ db: Transaction
    ) throws -> Bool {
        guard try AgentStore.rowForUpdate(thread.agent, db) != nil,
            let place = try lastPlace(of: evicted, in: thread, db)
        else { return false }
        try leaveOut(evicted, of: thread, db)
        try insert(summary, in: thread, model: model, at: place, db)
        if let conversation = thread.conversation {
            var row = try ConversationService.row(conversation, locking: true, db)
            row.systemCompiledAt = time
            _ = try ConversationSystemMessage.refresh(row, at: time, storing: true, db)
        } else {
            try SystemMessageService.refresh(thread.agent, .renewed(time), at: time, db)
        }
        return true
    }

    /// Appends a message of the server to the thread.
    static func append(_ message: TurnMessage, to thread: ContextThread, _ db: Transaction) throws {
        try insert(message, in: thread, model: nil, at: nil, db)
    }

    /// Takes messages out of the context.
    static func leaveOut(_ messages: [ID<Message>], of thread: ContextThread, _ db: Transaction) throws {
        for ids in messages.chunks() {
            if let conversation = thread.conversation {
                try db.execute(
                    """
                    UPDATE conversation_message
                    SET context_position = NULL, left_position = \(PastContextStore.now(of: thread.agent, db))
                    WHERE organization_id = \(db.organization) AND conversation_id = \(conversation)
                        AND message_id IN (\(list: ids)) AND context_position IS NOT NULL
                    """)
            } else {
                try db.execute(
                    """
                    UPDATE message
                    SET context_position = NULL, left_position = \(PastContextStore.now(of: thread.agent, db))
                    WHERE organization_id = \(db.organization) AND agent_id = \(thread.agent) AND id IN (\(list: ids))
                        AND context_position IS NOT NULL
                    """)
            }
        }
    }

    /// Says why the model did not get messages as they are.
    static func mark(_ messages: [ID<Message>], _ problem: String, _ db: Transaction) throws {
        for ids in messages.chunks() {
            try db.execute(
                """
                UPDATE message SET problem = \(problem)
                WHERE organization_id = \(db.organization) AND id IN (\(list: ids))
                """)
        }
    }

    static func setTokenPermille(_ permille: Int?, of agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE agent SET token_permille = \(permille)
            WHERE organization_id = \(db.organization) AND id = \(agent)
            """)
    }

    // MARK: Places

    private static func lastPlace(
        of messages: [ID<Message>], in thread: ContextThread, _ db: Transaction
    ) throws -> Int? {
        try messages.chunks().compactMap { ids -> Int? in
            if let conversation = thread.conversation {
                return try db.value(
                    """
                    SELECT MAX(context_position) FROM conversation_message
                    WHERE organization_id = \(db.organization) AND conversation_id = \(conversation)
                        AND message_id IN (\(list: ids))
                    """)
            }
            return try db.value(
                """
                SELECT MAX(context_position) FROM message
                WHERE organization_id = \(db.organization) AND agent_id = \(thread.agent) AND id IN (\(list: ids))
                """)
        }.max()
    }

    /// - Parameter place: the position in the context; nil for the end.
    private static func insert(
        _ message: TurnMessage, in thread: ContextThread, model: String?, at place: Int?, _ db: Transaction
    ) throws {
        guard let position = try TurnStore.takePositions(1, of: thread.agent, db) else {
            throw APIError.notFound("Agent", thread.agent)
        }
        var row = MessageRow(message, agentID: thread.agent, position: position, model: model)
        row.conversationID = thread.conversation
        try MessageStore.insert([row], db)
        if let conversation = thread.conversation {
            try db.execute(
                """
                INSERT INTO conversation_message (
                    organization_id, conversation_id, position, message_id, context_position, place)
                VALUES (\(db.organization), \(conversation), \(position), \(row.id), \(place ?? position), \(place))
                """)
        } else if let place {
            try db.execute(
                """
                UPDATE message SET context_position = \(place), place = \(place)
                WHERE organization_id = \(db.organization) AND id = \(row.id)
                """)
        }
    }
}
