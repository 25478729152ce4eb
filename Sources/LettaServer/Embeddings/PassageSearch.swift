import LettaAPI
import Storage

/// What a search searches: how its passages are found by words, and which vectors they have.
struct PassageCorpus: Sendable {
    /// The sets of vectors of the archives or folders.
    let sets: @Sendable (Transaction) throws -> [VectorSet]
    /// The best matches by words, and the number or weight of their matches.
    let matches: @Sendable (_ limit: Int, Transaction) throws -> [(passage: Passage, score: Double)]
    /// The passages that pass the filter of the search; nil where it has none.
    let allowed: (@Sendable (Transaction) throws -> [ID<Passage>])?
    /// Those of the passages that are still there and pass the filter.
    let passages: @Sendable ([ID<Passage>], Transaction) throws -> [Passage]
}

/// A passage that was found, and why.
struct ScoredPassage: Sendable {
    var passage: Passage
    /// The sum of what words and meaning say, or the matches alone where there is no meaning.
    var score: Double
    /// The number or weight of the words of the query that it has.
    var words: Double
    /// The cosine of its vector and that of the query; nil for one without a vector.
    var similarity: Double?
    /// What each signal adds to the score; nil where words alone decide.
    var shares: (words: Double, meaning: Double)?
}

/// Finds passages by their words and by their meaning.
///
/// Meaning needs an embedding model. Where there is none, or it does not answer in time, the words alone decide.
struct PassageSearch: Sendable {
    let core: Core
    let embeddings: EmbeddingService
    let index: VectorIndex

    private static let wordWeight = 1.0
    private static let meaningWeight = 1.0
    /// Of each signal, at least; four times as many as are wanted otherwise.
    private static let fewestCandidates = 100
    /// The archives whose vectors one search scans.
    private static let mostSets = 256
    /// Of one table, while the scans find deleted passages.
    private static let mostScans = 8

    func find(
        _ query: String, in corpus: PassageCorpus, limit: Int, as scope: Scope
    ) async throws -> [ScoredPassage] {
        let pool = max(limit, min(max(Self.fewestCandidates, limit * 4), 1_000))
        let (matches, sets) = try await core.storage.read(as: scope) { db in
            (try corpus.matches(pool, db), try corpus.sets(db).filter { $0.dimensions != nil })
        }
        let words = matches.map { ScoredPassage(passage: $0.passage, score: $0.score, words: $0.score) }
        let queries = await vectors(ofQuery: query, for: Array(sets.prefix(Self.mostSets)), as: scope)
        guard !queries.isEmpty else { return Array(words.prefix(limit)) }
        let found = try await nearest(to: queries, in: corpus, count: pool, as: scope)
        let ids = matches.map { $0.passage.id } + found.map(\.id)
        let similarities = try await similarities(of: ids, to: queries, as: scope)
        return Self.ranked(words, found, similarities, limit: limit)
    }

    // MARK: Meaning

    /// A set with the vector that its model makes of the query.
    private struct SetQuery: Sendable {
        let set: VectorSet
        let vector: [Float]
    }

    /// Each model is asked once, and all of them at the same time.
    private func vectors(ofQuery query: String, for sets: [VectorSet], as scope: Scope) async -> [SetQuery] {
        guard query.contains(where: { !$0.isWhitespace }) else { return [] }
        let groups = Dictionary(grouping: sets) { $0.embeddingConfig.json }
        return await withTaskGroup(of: [SetQuery].self) { tasks in
            for sets in groups.values {
                tasks.addTask {
                    // An unreadable configuration names no model.
                    guard let config = try? sets[0].embeddingConfig.content(),
                        let vector = await embeddings.vector(ofQuery: query, by: config, as: scope)
                    else { return [] }
                    return sets.filter { $0.dimensions == vector.count }.map { SetQuery(set: $0, vector: vector) }
                }
            }
            return await tasks.reduce(into: []) { $0 += $1 }
        }
    }

    /// The passages nearest to the query in each set. Those that were deleted meanwhile make room for others.
    private func nearest(
        to queries: [SetQuery], in corpus: PassageCorpus, count: Int, as scope: Scope
    ) async throws -> [Passage] {
        let allowed: Set<VectorKey>? =
            if let ids = corpus.allowed {
                Set(try await core.storage.read(as: scope) { db in try ids(db) }.compactMap { VectorKey($0.rawValue) })
            } else { nil }
        var found: [Passage] = []
        for query in queries {
            for _ in 0..<Self.mostScans {
                let source = PassageVectors(set: query.set, scope: scope)
                let keys = try await index.nearest(
                    to: query.vector, in: source, count: count, among: allowed
                ).map(\.key)
                let ids = keys.map { ID<Passage>($0.id) }
                let passages = try await core.storage.read(as: scope) { db in try corpus.passages(ids, db) }
                let gone = Set(keys).subtracting(passages.compactMap { VectorKey($0.id.rawValue) })
                index.remove(gone, of: source)
                found += passages
                // What is allowed was there a moment ago.
                guard !gone.isEmpty, allowed == nil else { break }
            }
        }
        return found
    }

    private func similarities(
        of passages: [ID<Passage>], to queries: [SetQuery], as scope: Scope
    ) async throws -> [ID<Passage>: Double] {
        let vectors = try await core.storage.read(as: scope) { db in
            try VectorStore.vectors(of: passages.withoutDuplicates, db)
        }
        let asked = Dictionary(
            queries.map { ($0.set.embeddingConfig.json, $0.vector) }, uniquingKeysWith: { first, _ in first })
        return vectors.compactMapValues { found in
            guard let vector = found.vector, let query = asked[found.config.json], query.count == vector.count else {
                return nil
            }
            return Vector.similarity(query, vector)
        }
    }

    // MARK: Ranking

    /// The best first, the newest first among equals.
    private static func ranked(
        _ words: [ScoredPassage], _ found: [Passage], _ similarities: [ID<Passage>: Double], limit: Int
    ) -> [ScoredPassage] {
        var candidates = Dictionary(words.map { ($0.passage.id, $0) }, uniquingKeysWith: { first, _ in first })
        for passage in found where candidates[passage.id] == nil {
            candidates[passage.id] = ScoredPassage(passage: passage, score: 0, words: 0)
        }
        let wordShares = ScoreFusion.sums([
            ScoreFusion.Signal(weight: wordWeight, scores: candidates.mapValues(\.words))
        ])
        let meaningShares = ScoreFusion.sums([
            ScoreFusion.Signal(weight: meaningWeight, scores: similarities.filter { candidates[$0.key] != nil })
        ])
        return Array(
            candidates.values.map { candidate in
                var candidate = candidate
                // Sums of the same numbers in another order differ a little.
                let shares = (
                    words: wordShares[candidate.passage.id] ?? 0, meaning: meaningShares[candidate.passage.id] ?? 0
                )
                candidate.score = ((shares.words + shares.meaning) * 1e6).rounded() / 1e6
                candidate.shares = shares
                candidate.similarity = similarities[candidate.passage.id]
                return candidate
            }.sorted { one, other in
                (one.score, one.passage.createdAt?.microseconds ?? 0, one.passage.id.rawValue)
                    > (other.score, other.passage.createdAt?.microseconds ?? 0, other.passage.id.rawValue)
            }.prefix(limit))
    }
}
