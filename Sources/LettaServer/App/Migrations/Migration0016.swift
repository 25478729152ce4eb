import Storage

extension Migration {
    /// An agent may have several archives.
    static let passages = Migration(number: 16, name: "passages") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            "ALTER TABLE agent_archive RENAME TO old_agent_archive",
            "DROP INDEX agent_archive_by_archive",
            """
            CREATE TABLE agent_archive (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                archive_id \(id) NOT NULL,
                is_owner BOOLEAN NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, agent_id, archive_id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, archive_id) REFERENCES archive (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            INSERT INTO agent_archive (organization_id, agent_id, archive_id, is_owner, position)
            SELECT organization_id, agent_id, archive_id, is_owner, 0 FROM old_agent_archive
            """,
            "DROP TABLE old_agent_archive",
            "CREATE INDEX agent_archive_by_archive ON agent_archive (organization_id, archive_id, agent_id)",
        ]
    }
}
