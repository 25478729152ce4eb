import Storage

extension Migration {
    /// What turns in conversations need, and the keys that show repeated sends.
    static let conversationTurns = Migration(number: 20, name: "conversationTurns") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            "ALTER TABLE conversation ADD COLUMN description TEXT",
            "ALTER TABLE conversation ADD COLUMN archived_at BIGINT",
            "ALTER TABLE conversation ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT FALSE",
            "ALTER TABLE conversation ADD COLUMN context_window_limit BIGINT",
            // No foreign key: runs outlive their conversation. Nil: the agent's own.
            "ALTER TABLE run ADD COLUMN conversation_id \(id)",
            """
            CREATE INDEX run_by_conversation ON run (organization_id, conversation_id, created_at, id)
            WHERE conversation_id IS NOT NULL
            """,
            """
            CREATE TABLE send_key (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                send_key \(id) NOT NULL,
                run_id \(id) NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, agent_id, send_key),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX send_key_by_creation ON send_key (created_at)",
            // Blocks are named after identities.
            "CREATE INDEX identity_by_name ON identity (organization_id, name)",
        ]
    }
}
