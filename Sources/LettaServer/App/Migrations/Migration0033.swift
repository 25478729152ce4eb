import Storage

extension Migration {
    /// Keys for people and programs.
    static let apiKeys = Migration(number: 33, name: "API keys") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE api_key (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL UNIQUE,
                name TEXT NOT NULL,
                scopes TEXT NOT NULL,
                user_id \(id) NOT NULL,
                secret_hash TEXT NOT NULL,
                expires_at BIGINT,
                created_by_id TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX api_key_by_creation ON api_key (organization_id, created_at, id)",
            // Turns that start later are counted for the key that asked for them.
            "ALTER TABLE job ADD COLUMN key_id TEXT",
            "ALTER TABLE scheduled_message ADD COLUMN key_id TEXT",
        ]
    }
}
