import Storage

extension Migration {
    /// Imported archives and folders whose embedding models are still to be looked for.
    static let importedEmbeddings = Migration(number: 44, name: "embedding models of imported archives") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE imported_embedding (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                owner_id \(id) NOT NULL,
                kind TEXT NOT NULL,
                PRIMARY KEY (organization_id, owner_id)
            )
            """
        ]
    }
}
