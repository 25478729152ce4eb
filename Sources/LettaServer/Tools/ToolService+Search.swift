import JSON
import LettaAPI
import Storage

extension ToolService {
    private static let largestPage = 100

    /// The tools with the most telling words of the query, above all in their names, and those that mean the same, where an
    /// embedding model answers; among equals the newest first.
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
        let texts = try await core.storage.read(as: scope) { [filter] db in
            try ToolStore.texts(matching: filter, db).filter { tags.isEmpty || !tags.isDisjoint(with: $0.tags) }
        }
        guard let query = body.query else {
            return try await core.storage.read(as: scope) { db in
                try Self.tools(texts.prefix(limit).map(\.id), db).map { FoundTool($0, rank: nil, score: 0) }
            }
        }
        let similarities =
            body.searchMode == .fts
            ? texts.map { _ in nil } : try await self.texts.similarities(of: texts.map(\.meaning), to: query, as: scope)
        let mode = similarities.contains { $0 != nil } ? body.searchMode ?? .hybrid : .fts
        let found = Self.ranked(texts, words, similarities, mode).prefix(limit)
        return try await core.storage.read(as: scope) { db in
            let tools = Dictionary(try Self.tools(found.map(\.id), db).map { ($0.id, $0) }) { $1 }
            return found.compactMap { found in
                tools[found.id].map {
                    FoundTool($0, rank: found.words, vectorRank: found.meaning, score: found.score)
                }
            }
        }
    }

    /// A tool with its places by words and by meaning.
    private struct RankedTool {
        let id: ID<Tool>
        let words: Int?
        let meaning: Int?
        let score: Double
    }

    /// The best first; without meaning those alone that have words of the query.
    ///
    /// - Parameter tools: newest first.
    private static func ranked(
        _ tools: [ToolText], _ words: SearchQuery, _ similarities: [Double?], _ mode: SearchMode
    ) -> [RankedTool] {
        let byWords = ranked(tools, words)
        let places = Dictionary(byWords.enumerated().map { ($1.key, $0 + 1) }) { $1 }
        guard mode != .fts else {
            return byWords.enumerated().map { place, found in
                RankedTool(
                    id: found.key, words: place + 1, meaning: nil,
                    score: Double(found.hits) / Double(words.terms.count))
            }
        }
        let scores = Dictionary(byWords.map { ($0.key, $0.score) }) { $1 }
        let candidates = zip(tools, similarities).enumerated().map { place, tool in
            var candidate = SearchCandidate(tool.0.id, at: Timestamp(microseconds: Int64(-place)))
            candidate.words = scores[tool.0.id] ?? 0
            candidate.similarity = tool.1
            return candidate
        }
        let near = SearchRanking.byMeaning.ranked(candidates.filter { $0.similarity != nil })
        let meaning = Dictionary(near.enumerated().map { ($1.candidate.key, $0 + 1) }) { $1 }
        let ranking = mode == .vector ? SearchRanking.byMeaning : SearchRanking()
        return ranking.ranked(mode == .vector ? near.map(\.candidate) : candidates).map { found in
            RankedTool(
                id: found.candidate.key, words: places[found.candidate.key], meaning: meaning[found.candidate.key],
                score: found.score)
        }
    }

    /// The tools that have words of the query, by the scores of these.
    ///
    /// - Parameter tools: newest first.
    private static func ranked(_ tools: [ToolText], _ words: SearchQuery) -> [ScoredText<ID<Tool>>] {
        guard !words.terms.isEmpty else { return [] }
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

    /// What is embedded. A model knows words, and no names with underscores.
    var meaning: String {
        "\(name.replacing("_", with: " ")): \(description.prefix(1_000))"
    }

    /// What is searched. A word of the name counts as much as three others.
    var text: String {
        ([name, name, name, description] + tags).joined(separator: " ")
    }
}
