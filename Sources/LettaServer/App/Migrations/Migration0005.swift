import Storage

extension Migration {
    /// Runs that go on in the background: where their end is announced, and what happened in them.
    static let backgroundRuns = Migration(number: 5, name: "background runs") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return callbacks + runEvents(id) + [
            "CREATE INDEX message_by_creation ON message (organization_id, created_at, agent_id, position)"
        ]
    }

    private static let callbacks: [SQLText] = [
        "ALTER TABLE run ADD COLUMN callback_url TEXT",
        "ALTER TABLE run ADD COLUMN callback_sent_at BIGINT",
        "ALTER TABLE run ADD COLUMN callback_status_code BIGINT",
        "ALTER TABLE run ADD COLUMN callback_error TEXT",
    ]

    private static func runEvents(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE run_event (
                organization_id \(id) NOT NULL,
                run_id \(id) NOT NULL,
                sequence BIGINT NOT NULL,
                type TEXT NOT NULL,
                event TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, run_id, sequence),
                FOREIGN KEY (organization_id, run_id) REFERENCES run (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX run_event_by_creation ON run_event (organization_id, created_at)",
        ]
    }
}
