import JSON
import LettaAPI
import Storage

extension ToolService {
    private static let largestPage = 100

    /// The tools with the most telling words of the query, above all in their names; among equals the newest first.
    func search(_ body: SearchTools, as scope: Scope) async throws -> [FoundTool] {
        let limit = body.limit ?? 50
        guard (1...Self.largestPage).contains(limit) else {
            throw APIError.invalidField(
                "limit", "must be 1 to \(Self.largestPage)", input: .int(Int64(limit)))
        }
        var filter = CountTools()
        filter.toolTypes = body.toolTypes
        try Self.check(filter)
        let words = SearchQuery(body.query ?? "")
        let tags = Set(body.tags ?? [])
        return try await core.storage.read(as: scope) { [filter] db in
            var texts = try ToolStore.texts(matching: filter, db)
            if !tags.isEmpty { texts.removeAll { tags.isDisjoint(with: $0.tags) } }
            guard !words.terms.isEmpty else {
                // A query without words finds nothing.
                guard body.query == nil else { return [] }
                return try Self.tools(texts.prefix(limit).map(\.id), db).map { FoundTool($0, rank: nil, score: 0) }
            }
            let hits = Self.ranked(texts, words).prefix(limit)
            return try zip(hits, Self.tools(hits.map(\.key), db)).enumerated().map { place, found in
                FoundTool(found.1, rank: place + 1, score: Double(found.0.hits) / Double(words.terms.count))
            }
        }
    }

    /// The tools that have words of the query, by the scores of these.
    ///
    /// - Parameter tools: newest first.
    private static func ranked(_ tools: [ToolText], _ words: SearchQuery) -> [ScoredText<ID<Tool>>] {
        let counts = tools.map { words.counts(in: $0.text) }
        var hits = WordIndexStore.Hits()
        hits.texts = tools.count
        hits.matches = words.terms.indices.map { term in counts.count { $0.terms[term] > 0 } }
        let found = zip(tools, counts).enumerated().filter { $0.element.1.distinct > 0 }
        return hits.ranked(
            words,
            found.map { place, tool in
                (tool.0.id, tool.0.text, Timestamp(microseconds: Int64(-place)))
            })
    }

    /// The tools in the order of their ids.
    private static func tools(_ ids: [ID<Tool>], _ db: Transaction) throws -> [Tool] {
        let rows = try db.fetch(ToolStore.table, ids).map { ($0.wire.id, $0.wire) }
        let tools = Dictionary(rows) { $1 }
        return ids.compactMap { tools[$0] }
    }
}

/// The texts by which a tool is found.
struct ToolText: Sendable {
    var id: ID<Tool>
    var name: String
    var description: String
    var tags: [String]

    /// What is searched. A word of the name counts as much as three others.
    var text: String {
        ([name, name, name, description] + tags).joined(separator: " ")
    }
}
