import Storage

extension Migration {
    /// Callbacks that are sent until they arrive.
    static let callbackDeliveries = Migration(number: 18, name: "callbacks that are due") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE run_callback (
                organization_id \(id) NOT NULL,
                run_id \(id) NOT NULL,
                attempts BIGINT NOT NULL,
                due_at BIGINT,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, run_id),
                FOREIGN KEY (organization_id, run_id) REFERENCES run (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX run_callback_by_time ON run_callback (due_at)",
        ]
    }
}
