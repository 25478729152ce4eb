import Storage

extension Migration {
    /// What was made of a schedule the last time, and when an API key was last used.
    static let lastTimes = Migration(number: 39, name: "last_times") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            "ALTER TABLE scheduled_message ADD COLUMN last_run_id \(id)",
            "ALTER TABLE scheduled_message ADD COLUMN last_scheduled_time BIGINT",
            """
            CREATE INDEX scheduled_message_by_run ON scheduled_message (organization_id, last_run_id)
            WHERE last_run_id IS NOT NULL
            """,
            "ALTER TABLE api_key ADD COLUMN last_used_at BIGINT",
        ]
    }
}
