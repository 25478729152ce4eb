import LettaAPI
import Storage

/// Tables `passage`, `passage_tag` and `passage_words`. Functions take an open transaction and do no waiting.
enum PassageStore {
    private static let key: [SQLText] = ["created_at", "id"]

    /// Stores a passage with its tags, and the words it is found by.
    static func insert(_ new: NewPassage, into archive: ID<Archive>, _ db: Transaction) throws -> PassageRow {
        let passage = PassageRow(new, in: archive, by: db.user)
        try db.execute(
            """
            INSERT INTO passage (
                organization_id, id, archive_id, text, metadata, created_by_id, last_updated_by_id, created_at,
                updated_at)
            VALUES (
                \(db.organization), \(passage.id), \(archive), \(passage.text), \(passage.metadata),
                \(passage.createdByID), \(passage.lastUpdatedByID), \(passage.createdAt), \(passage.updatedAt))
            """)
        for (position, tag) in passage.tags.enumerated() {
            try db.execute(
                """
                INSERT INTO passage_tag (organization_id, passage_id, tag, archive_id, position)
                VALUES (\(db.organization), \(passage.id), \(tag), \(archive), \(position))
                """)
        }
        // Whose it is stands among its words: no word of a text has a dash, so that an id is never one.
        let words =
            [db.organization, archive.rawValue, passage.id.rawValue] + PassageWords.words(in: passage.text)
        try db.execute(
            "INSERT INTO passage_words (passage_id, words) VALUES (\(passage.id), \(db.dialect.words(words)))")
        return passage
    }

    /// Deletes the passage and keeps its place in lists.
    static func delete(_ passage: PassageRow, _ db: Transaction) throws {
        try DeletedKeyStore.note(passage.id.rawValue, createdAt: passage.createdAt, updatedAt: passage.updatedAt, db)
        try db.execute("DELETE FROM passage WHERE organization_id = \(db.organization) AND id = \(passage.id)")
        try deleteWords(with: passage.id.rawValue, db)
    }

    /// Deletes what is in an archive and keeps the places in lists.
    static func deleteAll(of archive: ID<Archive>, _ db: Transaction) throws {
        try DeletedKeyStore.note("passage", where: "archive_id = \(archive)", db)
        try db.execute(
            "DELETE FROM passage WHERE organization_id = \(db.organization) AND archive_id = \(archive)")
        try deleteWords(with: archive.rawValue, db)
    }

    private static func deleteWords(with id: String, _ db: Transaction) throws {
        try db.execute("DELETE FROM passage_words WHERE \(db.dialect.hasWords(in: "passage_words", [id]))")
    }

    static func row(_ id: ID<Passage>, of archive: ID<Archive>, _ db: Transaction) throws -> PassageRow? {
        try db.row(
            """
            SELECT \(PassageRow.columns) FROM passage
            WHERE organization_id = \(db.organization) AND id = \(id) AND archive_id = \(archive)
            """
        ).map { try PassageRow($0) }
    }

    /// A page of an archive, by the time its passages are filed under.
    static func page(
        _ request: PageRequest, containing text: String?, of archive: ID<Archive>, _ db: Transaction
    ) throws -> [PassageRow] {
        let keyset = Keyset(
            columns: key, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: "passage", db),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: "passage", db))
        let search: SQLText = text.map { " AND \(db.dialect.contains("text", $0))" } ?? ""
        let rows = try db.rows(
            """
            SELECT \(PassageRow.columns) FROM passage
            WHERE organization_id = \(db.organization)
                AND archive_id = \(archive)\(search)\(keyset.conditions)\(keyset.ending)
            """)
        return try tagged(keyset.page(rows).items, db)
    }

    /// The rows with their tags.
    static func tagged(_ rows: [SQLRow], _ db: Transaction) throws -> [PassageRow] {
        let ids: [ID<Passage>] = try rows.map { try $0["id"] }
        var tags: [ID<Passage>: [String]] = [:]
        let tagRows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT passage_id, tag FROM passage_tag
                WHERE organization_id = \(db.organization) AND passage_id IN (\(list: ids))
                ORDER BY passage_id, position
                """)
        }
        for row in tagRows { tags[try row["passage_id"], default: []].append(try row["tag"]) }
        return try zip(ids, rows).map { id, row in try PassageRow(row, tags: tags[id] ?? []) }
    }
}

/// What an agent is told about its archive beside what it finds there.
struct ArchivalSummary: Sendable, Hashable {
    var count = 0
    var tags: [String] = []
}
