import Storage

extension Migration {
    /// The agent files that the command line has imported.
    static let agentImports = Migration(number: 23, name: "imported agent files") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE agent_import (
                organization_id \(id) NOT NULL,
                digest \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                PRIMARY KEY (organization_id, digest, agent_id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_import_by_agent ON agent_import (organization_id, agent_id)",
        ]
    }
}
