import JSON
import LettaAPI
import Storage

extension ToolService {
    private static let largestPage = 100

    /// The tools with the most words of the query, among equals those with more of them in their names, then the newest.
    func search(_ body: SearchTools, as scope: Scope) async throws -> [FoundTool] {
        let limit = body.limit ?? 50
        guard (1...Self.largestPage).contains(limit) else {
            throw APIError.invalidField(
                "limit", "must be 1 to \(Self.largestPage)", input: .int(Int64(limit)))
        }
        var filter = CountTools()
        filter.toolTypes = body.toolTypes
        try Self.check(filter)
        let words = Array(PassageWords.words(in: body.query ?? "").prefix(PassageWords.mostOfQuery))
        let tags = Set(body.tags ?? [])
        return try await core.storage.read(as: scope) { [filter] db in
            var texts = try ToolStore.texts(matching: filter, db)
            if !tags.isEmpty { texts.removeAll { tags.isDisjoint(with: $0.tags) } }
            guard !words.isEmpty else {
                // A query without words finds nothing.
                guard body.query == nil else { return [] }
                return try Self.tools(texts.prefix(limit).map(\.id), db).map { FoundTool($0, rank: nil, score: 0) }
            }
            let hits = texts.enumerated().map { ToolHit($1, at: $0, words) }.filter { $0.words > 0 }
                .sorted(by: <).prefix(limit)
            return try zip(hits, Self.tools(hits.map(\.id), db)).enumerated().map { place, found in
                FoundTool(found.1, rank: place + 1, score: Double(found.0.words) / Double(words.count))
            }
        }
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
}

private struct ToolHit: Comparable {
    let id: ID<Tool>
    let words: Int
    private let wordsOfName: Int
    /// Among all tools, newest first.
    private let place: Int

    init(_ tool: ToolText, at place: Int, _ query: [String]) {
        let name = Set(PassageWords.words(in: tool.name))
        let all = name.union(PassageWords.words(in: ([tool.description] + tool.tags).joined(separator: " ")))
        id = tool.id
        words = query.count { all.contains($0) }
        wordsOfName = query.count { name.contains($0) }
        self.place = place
    }

    static func < (left: ToolHit, right: ToolHit) -> Bool {
        (right.words, right.wordsOfName, left.place) < (left.words, left.wordsOfName, right.place)
    }
}
