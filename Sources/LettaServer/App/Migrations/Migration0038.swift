import Storage

extension Migration {
    /// Agents that wait for the answers of others, on all servers of a PostgreSQL database. With SQLite the table stays empty.
    static let agentWaits = Migration(number: 38, name: "agent_waits") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        let thisServer: SQLText =
            switch dialect {
            case .postgres: " DEFAULT NULLIF(current_setting('letta.server', true), '')"
            case .sqlite: ""
            }
        return [
            """
            CREATE TABLE agent_wait (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                waits_for_id \(id) NOT NULL,
                server_id \(id)\(thisServer) REFERENCES server (id) ON DELETE CASCADE,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX agent_wait_by_agent ON agent_wait (organization_id, agent_id)",
            "CREATE INDEX agent_wait_by_server ON agent_wait (server_id)",
        ]
    }
}
