import JSON
import LettaAPI
import Storage

/// Searches the passages of all archives.
struct PassageService: Sendable {
    let core: Core
    let search: PassageSearch

    private static let defaultLimit = 50
    private static let highestLimit = 100

    func search(_ query: SearchPassages, as scope: Scope) async throws -> [FoundPassage] {
        try KeyText.check("query", query.query)
        try KeyText.check("after", query.after)
        try PassageRules.checkTags(query.tags)
        let limit = query.limit ?? Self.defaultLimit
        guard (1...Self.highestLimit).contains(limit) else {
            throw APIError.invalidField(
                "limit", "the limit must be between 1 and \(Self.highestLimit)", input: .int(Int64(limit)))
        }
        var filter = PassageFilter()
        filter.tags = query.tags ?? []
        filter.needsAllTags = query.tagMatchMode == .all
        filter.from = query.startDate?.first
        filter.to = query.endDate?.last
        let text = query.query ?? ""
        if let after = query.after, text.contains(where: { !$0.isWhitespace }) {
            throw APIError.invalidField(
                "after", "what a query finds has no further pages; leave out after, or the query", input: .string(after)
            )
        }
        let narrowed = try await core.storage.read(as: scope) { [filter] db in try Self.narrowed(filter, query, db) }
        let found = try await search.find(
            text, in: .archives(text, matching: narrowed, orElse: .ascending), limit: limit, as: scope)
        let passages = try await core.storage.read(as: scope) { db in
            try VectorStore.withVectors(found.map(\.passage), db)
        }
        return zip(found, passages).map { found, passage in
            var result = FoundPassage(passage, score: found.score)
            // Without vectors the score says it all.
            if let similarity = found.similarity {
                result.metadata = ObjectDocument([
                    "words": .double(found.words), "similarity": .double((similarity * 1e6).rounded() / 1e6),
                ])
            }
            return result
        }
    }

    /// The size of the vectors in bytes.
    func vectorBytes(as scope: Scope) async throws -> Int {
        try await core.storage.read(as: scope) { db in try VectorStore.size(db) }
    }

    /// The filter with the archives that the query names, itself or by its agent.
    private static func narrowed(
        _ filter: PassageFilter, _ query: SearchPassages, _ db: Transaction
    ) throws -> PassageFilter {
        var filter = filter
        if let id = query.archiveID.map({ ID<Archive>($0) }) {
            guard try db.exists(id, in: ArchiveStore.table) else { throw ArchiveService.missing(id) }
            filter.archives = [id]
        }
        if let id = query.agentID.map({ ID<AgentState>($0) }) {
            guard try AgentStore.exists(id, db) else { throw APIError.notFound("Agent", id) }
            let archives = try ArchiveStore.archives(of: id, db)
            filter.archives = filter.archives?.filter(archives.contains) ?? archives
        }
        filter.after = try DeletedKeyStore.key(
            of: query.after, columns: ["created_at", "id"], table: PassageStore.table.name, db)
        return filter
    }
}

/// Limits of passages and of searches.
enum PassageRules {
    /// More tags than any passage needs, and few enough for one statement.
    private static let mostTags = 1_000

    /// - Throws: `APIError` 422 naming `tags` when there are too many or too long ones.
    static func checkTags(_ tags: [String]?, in place: String = "body") throws {
        try KeyText.check("tags", tags, in: place)
        guard let count = tags?.count, count > mostTags else { return }
        throw APIError.invalidField(
            "tags", "there may be up to \(mostTags) tags and there are \(count)", input: .int(Int64(count)), in: place)
    }
}
