import LettaAPI
import Storage

/// Which passages a search may find.
struct PassageFilter: Sendable {
    /// Nil for all archives of the organization.
    var archive: ID<Archive>?
    var tags: [String] = []
    /// Whether a passage needs all of the tags; one of them is enough otherwise.
    var needsAllTags = false
    var from: Timestamp?
    var to: Timestamp?
    /// Text that has to stand in the passage as it is.
    var text: String?
}

/// Finds rows of table `passage` by their words.
enum PassageSearchStore {
    /// A passage with the number of the query's words that it has.
    struct Found: Sendable {
        var passage: PassageRow
        var hits: Int
    }

    /// The best passages first; all by time where nothing is asked for. What has no words in it, such as a sign, is
    /// looked for as it stands.
    static func find(
        _ query: String, matching filter: PassageFilter, orElse order: SortOrder, limit: Int, _ db: Transaction
    ) throws -> [Found] {
        let words = PassageWords.words(in: query)
        guard words.isEmpty else { return try search(words, matching: filter, limit: limit, db) }
        var filter = filter
        filter.text = query.contains { !$0.isWhitespace } ? query : nil
        return try list(matching: filter, order, limit: limit, db)
    }

    /// The passages with most of the words first, the newest first among those with equally many.
    ///
    /// Each word is looked up in the index of words together with the archive, so that nobody else's passages are
    /// read. What matched is counted and sorted: no index knows a rank.
    private static func search(
        _ words: [String], matching filter: PassageFilter, limit: Int, _ db: Transaction
    ) throws -> [Found] {
        let owner = filter.archive?.rawValue ?? db.organization
        let lookups = words.prefix(PassageWords.mostOfQuery).map { word -> SQLText in
            "SELECT passage_id FROM passage_words WHERE \(db.dialect.hasWords(in: "passage_words", [owner, word]))"
        }
        let rows = try db.rows(
            """
            SELECT \(PassageRow.columns), ranked.hits
            FROM (
                SELECT found.passage_id, COUNT(*) AS hits
                FROM (\(SQLText.joined(lookups, separator: " UNION ALL "))) AS found
                GROUP BY found.passage_id
            ) AS ranked
            JOIN passage ON passage.organization_id = \(db.organization) AND passage.id = ranked.passage_id
            WHERE \(conditions(filter, db))
            ORDER BY ranked.hits DESC, passage.created_at DESC, passage.id DESC
            LIMIT \(limit)
            """)
        return try zip(PassageStore.tagged(rows, db), rows).map { passage, row in
            Found(passage: passage, hits: try row["hits"])
        }
    }

    /// What the filter lets through, by time.
    private static func list(
        matching filter: PassageFilter, _ order: SortOrder, limit: Int, _ db: Transaction
    ) throws -> [Found] {
        let direction: SQLText = order == .ascending ? "ASC" : "DESC"
        let rows = try db.rows(
            """
            SELECT \(PassageRow.columns) FROM passage WHERE \(conditions(filter, db))
            ORDER BY passage.created_at \(direction), passage.id \(direction) LIMIT \(limit)
            """)
        return try PassageStore.tagged(rows, db).map { Found(passage: $0, hits: 0) }
    }

    private static func conditions(_ filter: PassageFilter, _ db: Transaction) -> SQLText {
        var all: [SQLText] = ["passage.organization_id = \(db.organization)"]
        if let archive = filter.archive { all.append("passage.archive_id = \(archive)") }
        if let from = filter.from { all.append("passage.created_at >= \(from)") }
        if let to = filter.to { all.append("passage.created_at <= \(to)") }
        if let text = filter.text { all.append(db.dialect.contains("passage.text", text)) }
        let tags = filter.tags.withoutDuplicates
        if !tags.isEmpty { all.append(TagCondition.sql(tags, all: filter.needsAllTags, owner: "passage", db)) }
        return .joined(all, separator: " AND ")
    }
}
