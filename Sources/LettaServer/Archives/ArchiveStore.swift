import LettaAPI
import Storage

/// Table `archive`. Functions take an open transaction and do no waiting.
enum ArchiveStore {
    private static let key: [SQLText] = ["created_at", "id"]

    static func insert(_ archive: ArchiveRow, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO archive (
                organization_id, id, name, description, embedding_config, created_by_id, last_updated_by_id,
                created_at, updated_at)
            VALUES (
                \(db.organization), \(archive.id), \(archive.name), \(archive.description),
                \(archive.embeddingConfig), \(archive.createdByID), \(archive.lastUpdatedByID), \(archive.createdAt),
                \(archive.updatedAt))
            """)
    }

    /// Writes all fields that a change may touch.
    static func update(_ archive: ArchiveRow, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE archive SET
                name = \(archive.name), description = \(archive.description),
                last_updated_by_id = \(archive.lastUpdatedByID), updated_at = \(archive.updatedAt)
            WHERE organization_id = \(db.organization) AND id = \(archive.id)
            """)
    }

    /// Deletes the archive with its passages, takes it from every agent, and keeps the places in lists.
    static func delete(_ archive: ArchiveRow, _ db: Transaction) throws {
        try PassageStore.deleteAll(of: archive.id, db)
        try DeletedKeyStore.note(archive.id.rawValue, createdAt: archive.createdAt, updatedAt: archive.updatedAt, db)
        try db.execute("DELETE FROM archive WHERE organization_id = \(db.organization) AND id = \(archive.id)")
    }

    static func row(_ id: ID<Archive>, _ db: Transaction) throws -> ArchiveRow? {
        try db.row(
            "SELECT \(ArchiveRow.columns) FROM archive WHERE organization_id = \(db.organization) AND id = \(id)"
        ).map { try ArchiveRow($0) }
    }

    /// The row, kept from being deleted or given away under a transaction that adds to it.
    ///
    /// Archives are locked after agents everywhere: who waits for whom never goes round in a circle.
    static func rowForUpdate(_ id: ID<Archive>, _ db: Transaction) throws -> ArchiveRow? {
        try db.row(
            """
            SELECT \(ArchiveRow.columns) FROM archive
            WHERE organization_id = \(db.organization) AND id = \(id) \(db.dialect.forUpdate)
            """
        ).map { try ArchiveRow($0) }
    }

    static func page(_ request: PageRequest, matching query: ListArchives, _ db: Transaction) throws -> [ArchiveRow] {
        let keyset = Keyset(
            columns: key, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: "archive", db),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: "archive", db))
        var all: [SQLText] = ["organization_id = \(db.organization)"]
        if let name = query.name { all.append("name = \(name)") }
        if let agent = query.agentID {
            all.append(
                """
                id = (SELECT archive_id FROM agent_archive
                      WHERE organization_id = \(db.organization) AND agent_id = \(agent))
                """)
        }
        let rows = try db.rows(
            """
            SELECT \(ArchiveRow.columns) FROM archive
            WHERE \(SQLText.joined(all, separator: " AND "))\(keyset.conditions)\(keyset.ending)
            """)
        return keyset.page(try rows.map { try ArchiveRow($0) }).items
    }
}
