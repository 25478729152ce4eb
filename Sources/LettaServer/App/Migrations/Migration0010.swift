import Storage

extension Migration {
    /// Providers that clients configure.
    static let providers = Migration(number: 10, name: "providers") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            // `models` is the last good listing.
            """
            CREATE TABLE provider (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                name \(id) NOT NULL,
                provider_type TEXT NOT NULL,
                base_url TEXT,
                region TEXT,
                api_version TEXT,
                sealed_api_key TEXT,
                sealed_access_key TEXT,
                last_synced BIGINT,
                last_error TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                models TEXT NOT NULL DEFAULT '[]',
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX provider_by_creation ON provider (organization_id, created_at, id)",
            "CREATE UNIQUE INDEX provider_by_name ON provider (organization_id, name)",
        ]
    }
}
