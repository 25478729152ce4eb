import Storage

extension Migration {
    /// What was used each day, and daily limits.
    static let usageAndQuotas = Migration(number: 34, name: "usage and quotas") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            // No foreign keys for agent, identity and key: what was used stays when they are gone.
            """
            CREATE TABLE usage_day (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                day \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                model \(id) NOT NULL,
                identity_id \(id) NOT NULL,
                key_id \(id) NOT NULL,
                turns BIGINT NOT NULL,
                steps BIGINT NOT NULL,
                prompt_tokens BIGINT NOT NULL,
                completion_tokens BIGINT NOT NULL,
                cached_input_tokens BIGINT NOT NULL,
                cache_write_tokens BIGINT NOT NULL,
                reasoning_tokens BIGINT NOT NULL,
                cost BIGINT,
                PRIMARY KEY (organization_id, day, agent_id, model, identity_id, key_id)
            )
            """,
            "CREATE INDEX usage_day_by_identity ON usage_day (organization_id, day, identity_id)",
            "CREATE INDEX usage_day_by_key ON usage_day (organization_id, day, key_id)",
            """
            CREATE TABLE quota (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                agent_id \(id),
                identity_id \(id),
                key_id \(id),
                tokens_per_day BIGINT,
                cost_per_day DOUBLE PRECISION,
                turns_per_day BIGINT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, agent_id),
                UNIQUE (organization_id, identity_id),
                UNIQUE (organization_id, key_id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, identity_id) REFERENCES identity (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, key_id) REFERENCES api_key (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX quota_by_creation ON quota (organization_id, created_at, id)",
        ]
    }
}
