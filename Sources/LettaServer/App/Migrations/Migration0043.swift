import Storage

extension Migration {
    /// Requests of batches that providers answer in batches of their own.
    static let modelBatches = Migration(number: 43, name: "batches of providers") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            // Outlives the job: what was submitted is to be cancelled.
            """
            CREATE TABLE model_batch (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                batch_id \(id) NOT NULL,
                user_id TEXT NOT NULL,
                config TEXT NOT NULL,
                state TEXT NOT NULL,
                request_count BIGINT NOT NULL,
                external_id TEXT,
                is_certain BOOLEAN NOT NULL,
                attempts BIGINT NOT NULL,
                due_at BIGINT NOT NULL,
                error TEXT,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX model_batch_open ON model_batch (due_at) WHERE state IN ('sending', 'sent')",
            "CREATE INDEX model_batch_by_batch ON model_batch (organization_id, batch_id)",
            "CREATE INDEX model_batch_by_creation ON model_batch (created_at)",
            """
            CREATE TABLE deferred_request (
                organization_id \(id) NOT NULL,
                item_id \(id) NOT NULL,
                batch_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                service TEXT \(dialect.textCollation) NOT NULL,
                config TEXT NOT NULL,
                state TEXT NOT NULL,
                digest TEXT NOT NULL,
                size BIGINT NOT NULL,
                body TEXT,
                model_batch_id \(id),
                answer TEXT,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, item_id),
                FOREIGN KEY (organization_id, item_id) REFERENCES batch_item (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE INDEX deferred_request_waiting ON deferred_request (organization_id, batch_id, service, created_at)
            WHERE state = 'waiting'
            """,
            """
            CREATE INDEX deferred_request_by_agent ON deferred_request (organization_id, agent_id)
            WHERE state IN ('waiting', 'sent')
            """,
            "CREATE INDEX deferred_request_by_batch ON deferred_request (organization_id, batch_id)",
            "CREATE INDEX deferred_request_by_model_batch ON deferred_request (organization_id, model_batch_id)",
        ]
    }
}
