import Storage

extension Migration {
    /// How far the import of agents from a Letta database is, and the skills that came with agents in files.
    static let lettaImports = Migration(number: 36, name: "agents imported from Letta, skills") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE imported_agent (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                last_key TEXT NOT NULL,
                finished_at BIGINT,
                PRIMARY KEY (organization_id, agent_id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE TABLE agent_skill (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                name \(id) NOT NULL,
                skill TEXT NOT NULL,
                PRIMARY KEY (organization_id, agent_id, name),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
        ]
    }
}
