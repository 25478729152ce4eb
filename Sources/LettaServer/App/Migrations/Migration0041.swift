import Storage

extension Migration {
    /// When messages left contexts, and where summaries stand in them, so that the context of a past step can be told.
    ///
    /// `left_position` is the position that the agent's next message had then. Of messages that had left before this
    /// migration it is the negative of that at the migration: it was no later.
    static let contextHistory = Migration(number: 41, name: "context history") { _ in
        [
            "ALTER TABLE message ADD COLUMN left_position BIGINT",
            "ALTER TABLE message ADD COLUMN place BIGINT",
            "ALTER TABLE conversation_message ADD COLUMN left_position BIGINT",
            "ALTER TABLE conversation_message ADD COLUMN place BIGINT",
            """
            UPDATE message SET left_position = -(
                SELECT agent.next_message_position FROM agent
                WHERE agent.organization_id = message.organization_id AND agent.id = message.agent_id)
            WHERE context_position IS NULL AND conversation_id IS NULL
            """,
            "UPDATE message SET place = context_position WHERE context_position <> position",
            """
            UPDATE conversation_message SET left_position = -(
                SELECT agent.next_message_position FROM conversation
                JOIN agent ON agent.organization_id = conversation.organization_id
                    AND agent.id = conversation.agent_id
                WHERE conversation.organization_id = conversation_message.organization_id
                    AND conversation.id = conversation_message.conversation_id)
            WHERE context_position IS NULL
            """,
            "UPDATE conversation_message SET place = context_position WHERE context_position <> position",
        ]
    }
}
