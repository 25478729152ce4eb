import Storage

extension Migration {
    /// Archival memory: archives that agents have, their passages, and the words that passages are found by.
    static let archives = Migration(number: 4, name: "archives") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return archives(id) + passages(id) + dialect.makeWordTable("passage_words", key: "passage_id")
    }

    private static func archives(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE archive (
                organization_id \(id) NOT NULL REFERENCES organization (id),
                id \(id) NOT NULL,
                name \(id) NOT NULL,
                description TEXT,
                embedding_config TEXT,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX archive_by_creation ON archive (organization_id, created_at, id)",
            "CREATE INDEX archive_by_name ON archive (organization_id, name, created_at, id)",
            // An agent has one archive at most. It owns the one that was made for it.
            """
            CREATE TABLE agent_archive (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                archive_id \(id) NOT NULL,
                is_owner BOOLEAN NOT NULL,
                PRIMARY KEY (organization_id, agent_id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, archive_id) REFERENCES archive (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_archive_by_archive ON agent_archive (organization_id, archive_id, agent_id)",
        ]
    }

    private static func passages(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE passage (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                archive_id \(id) NOT NULL,
                text TEXT NOT NULL,
                metadata TEXT NOT NULL,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, archive_id) REFERENCES archive (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX passage_by_archive ON passage (organization_id, archive_id, created_at, id)",
            "CREATE INDEX passage_by_creation ON passage (organization_id, created_at, id)",
            // The archive stands here too, so that the tags in use are found without reading its passages.
            """
            CREATE TABLE passage_tag (
                organization_id \(id) NOT NULL,
                passage_id \(id) NOT NULL,
                tag \(id) NOT NULL,
                archive_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, passage_id, tag),
                FOREIGN KEY (organization_id, passage_id) REFERENCES passage (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX passage_tag_by_tag ON passage_tag (organization_id, archive_id, tag, passage_id)",
        ]
    }
}
