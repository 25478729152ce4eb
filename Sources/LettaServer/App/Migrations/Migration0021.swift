import Storage

extension Migration {
    /// What was learned of model services by calling them.
    static let learnedServices = Migration(number: 21, name: "what model services refuse") { dialect in
        let text: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE learned_service (
                address \(text) NOT NULL,
                model \(text) NOT NULL,
                adaptations TEXT NOT NULL,
                embedding_dimensions BIGINT,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (address, model)
            )
            """,
            "CREATE INDEX learned_service_by_time ON learned_service (updated_at)",
        ]
    }
}
