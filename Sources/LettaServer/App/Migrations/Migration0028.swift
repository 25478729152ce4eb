import Storage

extension Migration {
    /// The servers that share a PostgreSQL database, and what each of them holds. With SQLite the tables stay empty.
    static let servers = Migration(number: 28, name: "servers") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        // A run belongs to the server whose transaction stored it.
        let thisServer: SQLText =
            switch dialect {
            case .postgres: " DEFAULT NULLIF(current_setting('letta.server', true), '')"
            case .sqlite: ""
            }
        return [
            """
            CREATE TABLE server (
                id \(id) PRIMARY KEY,
                address TEXT NOT NULL,
                version TEXT NOT NULL,
                started_at BIGINT NOT NULL,
                seen_at BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE server_leader (
                place INTEGER PRIMARY KEY CHECK (place = 1),
                server_id \(id) NOT NULL REFERENCES server (id) ON DELETE CASCADE
            )
            """,
            """
            CREATE TABLE turn_claim (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                subject_id \(id) NOT NULL,
                run_id \(id) NOT NULL,
                server_id \(id) NOT NULL REFERENCES server (id) ON DELETE CASCADE,
                PRIMARY KEY (organization_id, subject_id)
            )
            """,
            "CREATE INDEX turn_claim_by_server ON turn_claim (server_id)",
            "ALTER TABLE run ADD COLUMN server_id \(id)\(thisServer)",
            "ALTER TABLE run ADD COLUMN cancel_requested_at BIGINT",
            "CREATE INDEX run_unfinished_by_server ON run (server_id) WHERE status IN ('created', 'running')",
        ]
    }
}
