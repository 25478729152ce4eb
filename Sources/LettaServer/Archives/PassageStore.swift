import JSON
import LettaAPI
import Storage

/// Tables `passage`, `passage_tag` and `passage_words`. The functions take an open transaction and never wait.
enum PassageStore {
    /// Without the tags, which ``tagged(_:_:)`` adds.
    static let table = Table<Passage>(
        "passage",
        without: [
            "tags": nil, "is_deleted": false, "source_id": nil, "file_id": nil, "file_name": nil, "embedding": nil,
            "embedding_config": nil,
        ])

    /// Stores passages of one archive with their tags and indexed words. With an embedding model they wait for their
    /// vectors.
    ///
    /// - Parameter due: when they are embedded in the background.
    static func insert(
        _ new: [NewPassage], into archive: Archive, due: Timestamp, _ db: Transaction
    ) throws -> [Passage] {
        let passages = new.map { $0.passage(in: archive.id, db.scope) }
        try db.insert(passages, into: table)
        try insertTags(of: passages, db)
        for passage in passages { try insertWords(of: passage, db) }
        let sets = try VectorStore.setsForNewPassages(
            of: archive.id.rawValue, .archive, archive.embeddingConfig, at: due, db)
        try VectorStore.add(passages.map(\.id), to: sets, due: due, db)
        return passages
    }

    /// Stores a changed passage with its tags and indexed words.
    static func update(_ passage: Passage, _ db: Transaction) throws {
        try db.update(passage, in: table)
        try db.execute(
            "DELETE FROM passage_tag WHERE organization_id = \(db.organization) AND passage_id = \(passage.id)")
        try insertTags(of: [passage], db)
        try WordIndexStore.passages.delete([passage.id.rawValue], db)
        try insertWords(of: passage, db)
    }

    private static func insertTags(of passages: [Passage], _ db: Transaction) throws {
        let tags = passages.flatMap { passage in
            (passage.tags ?? []).enumerated().map { position, tag in
                "(\(db.organization), \(passage.id), \(tag), \(passage.archiveID), \(position))" as SQLText
            }
        }
        for tags in tags.chunks(binding: 5) {
            try db.execute(
                """
                INSERT INTO passage_tag (organization_id, passage_id, tag, archive_id, position)
                VALUES \(SQLText.joined(tags, separator: ", "))
                """)
        }
    }

    private static func insertWords(of passage: Passage, _ db: Transaction) throws {
        let owners = [db.organization, passage.archiveID?.rawValue].compactMap { $0 }
        try WordIndexStore.passages.insert(passage.id.rawValue, passage.text, owners: owners, db)
    }

    static func delete(_ ids: [ID<Passage>], _ db: Transaction) throws {
        guard !ids.isEmpty else { return }
        try db.delete(ids, from: table)
        try VectorStore.deletePassages(ids, db)
        try WordIndexStore.passages.delete(ids.map(\.rawValue), db)
    }

    /// Deletes up to `limit` passages, the oldest ones.
    ///
    /// - Returns: the number of passages.
    static func delete(of archive: ID<Archive>, limit: Int, _ db: Transaction) throws -> Int {
        let ids: [ID<Passage>] = try db.rows(
            """
            SELECT id FROM passage WHERE organization_id = \(db.organization) AND archive_id = \(archive)
            ORDER BY created_at, id LIMIT \(limit)
            """
        ).map { try $0["id"] }
        try delete(ids, db)
        return ids.count
    }

    static func deleteAll(of archive: ID<Archive>, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: table, where: "archive_id = \(archive)", db)
        try db.execute(
            "DELETE FROM passage WHERE organization_id = \(db.organization) AND archive_id = \(archive)")
        try VectorStore.deleteAll(of: archive.rawValue, db)
        try WordIndexStore.passages.delete([archive.rawValue], db)
    }

    static func passage(_ id: ID<Passage>, _ db: Transaction) throws -> Passage? {
        try tagged(try db.fetchAll(table, where: "id = \(id)"), db).first
    }

    static func exists(_ id: ID<Passage>, in archive: ID<Archive>, _ db: Transaction) throws -> Bool {
        try db.fetch(table, id)?.archiveID == archive
    }

    /// A page of the passages of some archives, ordered by time.
    static func page(
        _ query: ListArchivalMemory, of archives: [ID<Archive>], _ db: Transaction
    ) throws -> Page<Passage> {
        guard !archives.isEmpty else { return Page([]) }
        let page = try db.page(
            table, query, defaultLimit: 100, order: .oldestFirst,
            where: ["archive_id IN (\(list: archives))", query.search.map { db.dialect.contains("text", $0) }])
        return page.replacing(with: try VectorStore.withVectors(try tagged(page.items, db), db))
    }

    private static func tagged(_ passages: [Passage], _ db: Transaction) throws -> [Passage] {
        let tags = try TagStore.tags(of: passages.map(\.id), owner: "passage", db)
        return passages.map { passage in
            var passage = passage
            passage.tags = tags[passage.id]
            return passage
        }
    }

    // MARK: Search

    /// Those of the passages that pass the filter, in no order.
    static func passages(_ ids: [ID<Passage>], matching filter: PassageFilter, _ db: Transaction) throws -> [Passage] {
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT \(table.columns) FROM passage
                WHERE \(allConditions(filter, db)) AND passage.id IN (\(list: ids))
                """)
        }
        return try tagged(rows.map(table.row), db)
    }

    /// The ids of all passages that pass the filter.
    static func ids(matching filter: PassageFilter, _ db: Transaction) throws -> [ID<Passage>] {
        try db.rows("SELECT passage.id FROM passage WHERE \(allConditions(filter, db))").map { try $0["id"] }
    }

    /// The passages with words of a query that are scored.
    private static let mostScored = 200

    /// A passage with the number of query words that it contains, and their score (BM25).
    struct Found: Sendable {
        var passage: Passage
        var hits: Int
        var score: Double
    }

    /// The best matches first; by time for an empty query. A query without words, such as a symbol, is searched as a
    /// substring.
    static func find(
        _ query: String, matching filter: PassageFilter, orElse order: SortOrder, limit: Int, _ db: Transaction
    ) throws -> [Found] {
        guard filter.archives?.isEmpty != true else { return [] }
        let words = SearchQuery(query)
        guard words.terms.isEmpty else { return try search(words, matching: filter, limit: limit, db) }
        var filter = filter
        filter.text = query.contains { !$0.isWhitespace } ? query : nil
        return try list(matching: filter, order, limit: limit, db)
    }

    /// The passages with the most telling words first, newest first among equals.
    private static func search(
        _ words: SearchQuery, matching filter: PassageFilter, limit: Int, _ db: Transaction
    ) throws -> [Found] {
        let (index, conditions) = (WordIndexStore.passages, conditions(filter, db))
        let owners: [SQLText] = filter.archives.map { ["passage.archive_id IN (\(list: $0))"] } ?? []
        let hits = try index.hits(
            of: words, in: filter.archives?.map(\.rawValue) ?? [db.organization], where: conditions,
            count: try index.count(where: owners, db), limit: max(limit, mostScored), db)
        let found = try db.fetch(table, hits.hits.map { ID<Passage>($0.id) })
        let ranked = hits.ranked(words, found.map { ($0.id, $0.text, $0.createdAt) }).prefix(limit)
        let passages = Dictionary(found.map { ($0.id, $0) }) { $1 }
        let best = try tagged(ranked.compactMap { passages[$0.key] }, db)
        return zip(best, ranked).map { Found(passage: $0, hits: $1.hits, score: $1.score) }
    }

    /// The passages that pass the filter, by time.
    private static func list(
        matching filter: PassageFilter, _ order: SortOrder, limit: Int, _ db: Transaction
    ) throws -> [Found] {
        let direction: SQLText = order == .ascending ? "ASC" : "DESC"
        let rows = try db.rows(
            """
            SELECT \(table.columns) FROM passage WHERE \(allConditions(filter, db))
            ORDER BY passage.created_at \(direction), passage.id \(direction) LIMIT \(limit)
            """)
        return try tagged(rows.map(table.row), db).map { Found(passage: $0, hits: 0, score: 0) }
    }

    private static func allConditions(_ filter: PassageFilter, _ db: Transaction) -> SQLText {
        .joined(["passage.organization_id = \(db.organization)"] + conditions(filter, db), separator: " AND ")
    }

    private static func conditions(_ filter: PassageFilter, _ db: Transaction) -> [SQLText] {
        let all: [SQLText?] = [
            filter.archives.map { "passage.archive_id IN (\(list: $0))" },
            filter.from.map { "passage.created_at >= \($0)" },
            filter.to.map { "passage.created_at <= \($0)" },
            filter.after.map { "(passage.created_at, passage.id) > (\(list: $0))" },
            filter.text.map { db.dialect.contains("passage.text", $0) },
            TagStore.condition(filter.tags, all: filter.needsAllTags, owner: "passage", db),
        ]
        return all.compactMap { $0 }
    }
}

/// What an agent's prompt says about its archives.
struct ArchivalSummary: Sendable, Hashable {
    var count = 0
    var tags: [String] = []
}

/// The passages that a search covers.
struct PassageFilter: Sendable {
    /// Nil for all archives of the organization.
    var archives: [ID<Archive>]?
    var tags: [String] = []
    /// Whether a passage must have all of the tags, or one of them.
    var needsAllTags = false
    var from: Timestamp?
    var to: Timestamp?
    /// Time and id of the passage after which a list that begins with the oldest goes on.
    var after: [SQLValue]?
    /// Text that the passage must contain verbatim.
    var text: String?

    /// Whether only some of the passages of the archives pass.
    var isNarrow: Bool { !tags.isEmpty || from != nil || to != nil }
}

/// A passage before it is stored, independent of its archive.
struct NewPassage: Sendable {
    let id: ID<Passage>
    let text: String
    let tags: [String]
    var metadata = ObjectDocument()
    /// The creation time.
    let time: Timestamp
    /// The time by which it is sorted.
    let createdAt: Timestamp

    init(id: ID<Passage>, text: String, tags: [String], time: Timestamp, createdAt: Timestamp? = nil) {
        self.id = id
        self.text = text
        self.tags = tags.withoutDuplicates
        self.time = time
        self.createdAt = createdAt ?? time
    }

    fileprivate func passage(in archive: ID<Archive>, _ scope: Scope) -> Passage {
        var passage = Passage(id: id, text: text)
        passage.archiveID = archive
        passage.tags = tags.isEmpty ? nil : tags
        passage.metadata = metadata
        passage.organizationID = scope.organization
        passage.createdByID = scope.user
        passage.lastUpdatedByID = scope.user
        passage.createdAt = createdAt
        passage.updatedAt = time
        return passage
    }
}
