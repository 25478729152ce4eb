import Storage

extension Migration {
    /// Conversations: threads of messages with an agent, beside the agent's own.
    static let conversations = Migration(number: 13, name: "conversations") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return conversations(id) + [
            // Nil: the agent's own thread. No foreign key: messages that forks share outlive their conversation.
            "ALTER TABLE message ADD COLUMN conversation_id \(id)",
            """
            CREATE INDEX message_by_conversation
            ON message (organization_id, conversation_id, created_at, agent_id, position)
            WHERE conversation_id IS NOT NULL
            """,
            "ALTER TABLE deleted_key ADD COLUMN last_message_at BIGINT",
        ]
    }

    private static func conversations(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE conversation (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                summary TEXT,
                model TEXT,
                model_settings TEXT,
                last_message_at BIGINT,
                last_run_completion BIGINT,
                system_compiled_at BIGINT NOT NULL,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX conversation_by_creation ON conversation (organization_id, created_at, id)",
            "CREATE INDEX conversation_by_agent ON conversation (organization_id, agent_id, created_at, id)",
            // For each direction one, because NULL comes last in both.
            """
            CREATE INDEX conversation_by_last_message
            ON conversation (organization_id, (COALESCE(last_message_at, 0)), id)
            """,
            """
            CREATE INDEX conversation_by_last_message_ascending
            ON conversation (organization_id, (COALESCE(last_message_at, 9223372036854775807)), id)
            """,
            """
            CREATE INDEX conversation_by_last_run
            ON conversation (organization_id, (COALESCE(last_run_completion, 0)), id)
            """,
            """
            CREATE INDEX conversation_by_last_run_ascending
            ON conversation (organization_id, (COALESCE(last_run_completion, 9223372036854775807)), id)
            """,
            // Forks share messages, so that a conversation refers to those it consists of. `position` is the order of
            // the list, `context_position` that of the context; a message without the latter is out of the context.
            """
            CREATE TABLE conversation_message (
                organization_id \(id) NOT NULL,
                conversation_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                message_id \(id) NOT NULL,
                context_position BIGINT,
                PRIMARY KEY (organization_id, conversation_id, position),
                FOREIGN KEY (organization_id, conversation_id) REFERENCES conversation (organization_id, id)
                    ON DELETE CASCADE,
                FOREIGN KEY (organization_id, message_id) REFERENCES message (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE UNIQUE INDEX conversation_message_by_message
            ON conversation_message (organization_id, message_id, conversation_id)
            """,
            """
            CREATE INDEX conversation_message_in_context
            ON conversation_message (organization_id, conversation_id, context_position, message_id)
            WHERE context_position IS NOT NULL
            """,
            // The block that stands for the agent's block with the label.
            """
            CREATE TABLE conversation_block (
                organization_id \(id) NOT NULL,
                conversation_id \(id) NOT NULL,
                label \(id) NOT NULL,
                block_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, conversation_id, label),
                FOREIGN KEY (organization_id, conversation_id) REFERENCES conversation (organization_id, id)
                    ON DELETE CASCADE,
                FOREIGN KEY (organization_id, block_id) REFERENCES block (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX conversation_block_by_block ON conversation_block (organization_id, block_id)",
        ]
    }
}
