import Storage

extension Migration {
    /// Identities, and the agents and blocks that belong to them.
    static let identities = Migration(number: 9, name: "identities") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE identity (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                project_id \(id),
                identifier_key \(id) NOT NULL,
                name \(id) NOT NULL,
                identity_type TEXT NOT NULL,
                properties TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX identity_by_creation ON identity (organization_id, created_at, id)",
            // Without a project a key is unique, too.
            """
            CREATE UNIQUE INDEX identity_by_key
            ON identity (organization_id, identifier_key, (COALESCE(project_id, '')))
            """,
        ] + [link("agent", id), link("block", id)].flatMap { $0 }
    }

    private static func link(_ noun: SQLText, _ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE \(noun)_identity (
                organization_id \(id) NOT NULL,
                \(noun)_id \(id) NOT NULL,
                identity_id \(id) NOT NULL,
                PRIMARY KEY (organization_id, \(noun)_id, identity_id),
                FOREIGN KEY (organization_id, \(noun)_id) REFERENCES \(noun) (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, identity_id) REFERENCES identity (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX \(noun)_identity_by_identity ON \(noun)_identity (organization_id, identity_id, \(noun)_id)",
        ]
    }
}
