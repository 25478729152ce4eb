import LettaAPI
import Storage

/// What meaning says about a search of messages.
struct NearMessages: Sendable {
    /// The query as the model of each agent embeds it.
    var queries: [String: QuantizedVector] = [:]
    /// The positions of the messages nearest to it.
    var nearest: [String: [Int]] = [:]
}

/// Finds messages by their meaning, where their agents have an embedding model that answers.
struct MessageMeaning: Sendable {
    let core: Core
    let embeddings: EmbeddingService
    let index: VectorIndex

    /// The agents whose vectors one search scans.
    private static let mostAgents = 256
    private static let mostCandidates = 60
    /// Of one table, while the scans find deleted messages.
    private static let mostScans = 8

    /// The messages that the search finds, the best first.
    func find(_ search: MessageSearch, as scope: Scope) async throws -> [MessageSearch.Found] {
        let near = try await near(search, as: scope)
        return try await core.storage.read(as: scope) { db in try search.run(near, db) }
    }

    /// What is nearest to the query; nil where words alone can decide.
    private func near(_ search: MessageSearch, as scope: Scope) async throws -> NearMessages? {
        guard search.mode != .fts, search.query.contains(where: { !$0.isWhitespace }) else { return nil }
        let sets = try await core.storage.read(as: scope) { db in
            try MessageVectorStore.sets(of: search.filter.agent, limit: Self.mostAgents, db)
        }
        let groups = Dictionary(grouping: sets) { $0.embeddingConfig.json }.values
        let found = try await withThrowingTaskGroup(of: NearMessages.self) { tasks in
            for sets in groups { tasks.addTask { try await near(search, in: sets, as: scope) } }
            return try await tasks.reduce(into: NearMessages()) { all, one in
                all.queries.merge(one.queries) { $1 }
                all.nearest.merge(one.nearest) { $1 }
            }
        }
        return found.queries.isEmpty ? nil : found
    }

    /// - Parameter sets: of one model, which is asked once.
    private func near(
        _ search: MessageSearch, in sets: [MessageVectorSet], as scope: Scope
    ) async throws -> NearMessages {
        // An unreadable configuration names no model.
        guard let config = try? sets[0].embeddingConfig.content(),
            let query = await embeddings.vector(ofQuery: search.query, by: config, as: scope)
        else { return NearMessages() }
        var near = NearMessages()
        var matches: [(agent: String, position: Int, similarity: Float)] = []
        for set in sets where set.dimensions == query.count {
            let agent = set.agentID.rawValue
            near.queries[agent] = QuantizedVector(query)
            matches += try await nearest(to: query, in: set, search.filter, as: scope).map {
                (agent, $0.key.position, $0.similarity)
            }
        }
        for match in matches.sorted(by: { $0.similarity > $1.similarity }).prefix(Self.mostCandidates) {
            near.nearest[match.agent, default: []].append(match.position)
        }
        return near
    }

    /// Messages that were deleted meanwhile make room for others.
    private func nearest(
        to query: [Float], in set: MessageVectorSet, _ filter: MessageFilter, as scope: Scope
    ) async throws -> [VectorTable.Match] {
        let source = MessageVectors(set: set, scope: scope)
        let allowed: Set<VectorKey>? =
            filter.isNarrow
            ? Set(
                try await core.storage.read(as: scope) { db in
                    try MessageSearchStore.positions(of: set.agentID, matching: filter, db)
                }.map { VectorKey(position: $0) }) : nil
        for _ in 0..<Self.mostScans {
            let matches = try await index.nearest(
                to: query, in: source, count: Self.mostCandidates, among: allowed)
            let there = try await core.storage.read(as: scope) { db in
                try MessageVectorStore.vectors(of: set.agentID, at: matches.map(\.key.position), db)
            }
            let gone = Set(matches.map(\.key).filter { there[$0.position] == nil })
            guard !gone.isEmpty else { return matches }
            index.remove(gone, of: source)
        }
        return []
    }
}
