import Storage

extension Migration {
    /// Items of batches, scheduled messages, turns of groups, and access tokens.
    static let batchesAndSchedules = Migration(number: 24, name: "batches, schedules, groups, tokens") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return batches(id) + schedules(id) + groups(id) + tokens(id)
    }

    private static func batches(_ id: SQLText) -> [SQLText] {
        [
            // No foreign keys for agent and run: an item is a record that outlives both.
            """
            CREATE TABLE batch_item (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                batch_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                agent_id \(id) NOT NULL,
                request TEXT NOT NULL,
                status TEXT NOT NULL,
                run_id \(id),
                error TEXT,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, batch_id, position),
                FOREIGN KEY (organization_id, batch_id) REFERENCES job (organization_id, id) ON DELETE CASCADE
            )
            """,
            // Few of all items are open.
            "CREATE INDEX batch_item_by_status ON batch_item (status, created_at, batch_id, position)",
            """
            CREATE TABLE job_callback (
                organization_id \(id) NOT NULL,
                job_id \(id) NOT NULL,
                attempts BIGINT NOT NULL,
                due_at BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, job_id),
                FOREIGN KEY (organization_id, job_id) REFERENCES job (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX job_callback_by_time ON job_callback (due_at)",
            "CREATE INDEX job_batches ON job (organization_id, created_at, id) WHERE job_type = 'batch'",
            "CREATE INDEX job_batches_by_status ON job (status) WHERE job_type = 'batch'",
        ]
    }

    private static func schedules(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE scheduled_message (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                message TEXT NOT NULL,
                schedule TEXT NOT NULL,
                next_scheduled_time BIGINT,
                user_id TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX scheduled_message_by_agent ON scheduled_message (organization_id, agent_id, created_at, id)",
            """
            CREATE INDEX scheduled_message_by_time ON scheduled_message (next_scheduled_time)
            WHERE next_scheduled_time IS NOT NULL
            """,
        ]
    }

    private static func groups(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE group_run (
                organization_id \(id) NOT NULL,
                group_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                run_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                shows_input BOOLEAN NOT NULL,
                is_shown BOOLEAN NOT NULL,
                PRIMARY KEY (organization_id, group_id, position),
                UNIQUE (organization_id, run_id),
                FOREIGN KEY (organization_id, group_id) REFERENCES agent_group (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, run_id) REFERENCES run (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX group_run_by_agent ON group_run (organization_id, group_id, agent_id, position)",
        ]
    }

    private static func tokens(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE access_token (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                secret_hash TEXT NOT NULL,
                hostname TEXT NOT NULL,
                origin \(id) NOT NULL,
                policy TEXT NOT NULL,
                expires_at BIGINT NOT NULL,
                user_id TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE UNIQUE INDEX access_token_by_id ON access_token (id)",
            "CREATE INDEX access_token_by_creation ON access_token (organization_id, created_at, id)",
            "CREATE INDEX access_token_by_origin ON access_token (origin, expires_at)",
            "CREATE INDEX access_token_by_expiry ON access_token (expires_at)",
        ]
    }
}
