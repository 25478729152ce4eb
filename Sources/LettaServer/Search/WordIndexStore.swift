import LettaAPI
import Storage

/// A table that finds the texts of another table by their words.
///
/// The ids of a text and of its owners are indexed as words, so that a search reads no other owner's rows and a deletion
/// finds its own: no word of a text has a dash, so none equals an id.
struct WordIndexStore: Sendable {
    /// The rows of a word that one search reads, the newest ones. A word that more texts have says little.
    private static let mostOfWord = 2_000
    /// Texts beyond this number do not change what a word is worth.
    private static let mostCounted = 5_000

    /// The name of the index.
    let table: SQLText
    /// Its column with the ids of the texts.
    let key: SQLText
    /// The table of the texts, with the columns `organization_id`, `id` and `created_at`.
    let texts: SQLText

    static let messages = WordIndexStore(table: "message_words", key: "message_id", texts: "message")
    static let passages = WordIndexStore(table: "passage_words", key: "passage_id", texts: "passage")
    static let folderPassages = WordIndexStore(
        table: "folder_passage_words", key: "passage_id", texts: "folder_passage")
    static let all = [messages, passages, folderPassages]

    func insert(_ id: String, _ text: String, owners: [String], _ db: any SQLExecutor) throws(SQLFailure) {
        let words = owners + [id] + SearchWords.indexed(in: text)
        try db.execute("INSERT INTO \(table) (\(key), words) VALUES (\(id), \(db.dialect.words(words)))")
    }

    /// Deletes what has one of the ids, of texts or of owners.
    func delete(_ ids: [String], _ db: any SQLExecutor) throws(SQLFailure) {
        for part in ids.chunks(binding: 100) {
            try db.execute("DELETE FROM \(table) WHERE \(db.dialect.hasWords(in: table, [part]))")
        }
    }

    // MARK: Searching

    /// A text that has a word of a query.
    struct Hit: Sendable {
        let id: String
        let time: Timestamp
        /// The indexes of the words that it has.
        var terms: [Int]
    }

    /// What has words of a query.
    struct Hits: Sendable {
        /// Those that have the most telling words first, the newest among equals.
        var hits: [Hit] = []
        /// The number of texts that have each word.
        var matches: [Int] = []
        /// The number of texts that were searched.
        var texts = 0
    }

    /// The texts of the owners that have a word of the query.
    ///
    /// - Parameters:
    ///   - conditions: on the table of the texts.
    ///   - count: the number of texts that are searched, or as much of it as ``count(where:_:)`` says.
    func hits(
        of query: SearchQuery, in owners: [String], where conditions: [SQLText], count: Int, limit: Int,
        _ db: Transaction
    ) throws -> Hits {
        guard !owners.isEmpty, !query.terms.isEmpty else { return Hits() }
        let all = all(conditions, db)
        let lookups = query.terms.enumerated().map { index, term -> SQLText in
            """
            SELECT * FROM (
                SELECT CAST(\(index) AS BIGINT) AS term, \(texts).id AS id, \(texts).created_at AS created_at
                FROM \(table) CROSS JOIN \(texts)
                WHERE \(db.dialect.hasWords(in: table, [owners, [term] + SearchQuery.misspellings(of: term)]))
                    AND \(texts).id = \(table).\(key) AND \(all)
                ORDER BY \(db.dialect.lastStoredFirst(in: table, time: "\(texts).created_at"))
                LIMIT \(Self.mostOfWord)
            ) AS lookup
            """
        }
        let rows = try db.rows(.joined(lookups, separator: " UNION ALL "))
        return try Self.best(rows, of: query, texts: count, limit: limit)
    }

    /// The number of texts, counted up to a limit.
    func count(where conditions: [SQLText], _ db: Transaction) throws -> Int {
        let rows = try db.rows(
            """
            SELECT COUNT(*) AS texts FROM (
                SELECT 1 FROM \(texts) WHERE \(all(conditions, db)) LIMIT \(Self.mostCounted)
            ) AS counted
            """)
        return try rows[0]["texts"]
    }

    private func all(_ conditions: [SQLText], _ db: Transaction) -> SQLText {
        .joined(["\(texts).organization_id = \(db.organization)"] + conditions, separator: " AND ")
    }

    private static func best(_ rows: [SQLRow], of query: SearchQuery, texts: Int, limit: Int) throws -> Hits {
        var found: [String: Hit] = [:]
        var hits = Hits(matches: Array(repeating: 0, count: query.terms.count), texts: texts)
        for row in rows {
            let term: Int = try row["term"]
            let id: String = try row["id"]
            hits.matches[term] += 1
            if found[id]?.terms.append(term) == nil {
                found[id] = Hit(id: id, time: try row["created_at"], terms: [term])
            }
        }
        let weights = TextScore(matches: hits.matches, texts: texts).weights
        func weight(_ hit: Hit) -> Double { hit.terms.reduce(0) { $0 + weights[$1] } }
        hits.hits = found.values.map { (weight($0), $0) }
            .sorted { ($0.0, $0.1.time, $0.1.id) > ($1.0, $1.1.time, $1.1.id) }
            .prefix(limit).map(\.1)
        return hits
    }
}

/// A text that was found, with what speaks for it.
struct ScoredText<Key: Hashable & Sendable>: Sendable {
    let key: Key
    /// The number of words of the query that it has.
    let hits: Int
    let score: Double
    fileprivate let time: Timestamp
}

extension WordIndexStore.Hits {
    /// The texts by the scores of their words; by time among equals.
    func ranked<Key: Hashable & Sendable>(
        _ query: SearchQuery, _ texts: [(key: Key, text: String, time: Timestamp?)], newestFirst: Bool = true
    ) -> [ScoredText<Key>] {
        let counts = texts.map { query.counts(in: $0.text) }
        let score = TextScore(matches: matches, texts: self.texts)
        return zip(texts, counts).map { text, counts in
            ScoredText(
                key: text.key, hits: counts.distinct, score: score(counts),
                time: text.time ?? Timestamp(microseconds: 0))
        }.sorted {
            guard $0.score == $1.score else { return $0.score > $1.score }
            return newestFirst ? $0.time > $1.time : $0.time < $1.time
        }
    }
}
