import Storage

extension Migration {
    /// Approvals that wait for an answer.
    static let approvals = Migration(number: 19, name: "approvals") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE waiting_approval (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                conversation_id \(id),
                run_id \(id),
                step_id \(id),
                tool_calls TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, conversation_id)
                    REFERENCES conversation (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX waiting_approval_by_creation ON waiting_approval (organization_id, created_at, id)",
            "CREATE INDEX waiting_approval_by_agent ON waiting_approval (organization_id, agent_id, created_at, id)",
        ]
    }
}
