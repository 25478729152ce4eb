import LettaAPI
import Storage
import Synchronization

/// The vectors of short texts that are searched where they are, such as the descriptions of tools: made at the first search
/// and kept in bounded memory.
final class TextVectors: Sendable {
    private struct Key: Hashable {
        let organization: String
        let model: String
        let text: String
    }

    /// About 12 MB; all of them go when there are more.
    private static let mostKept = 20_000
    /// The texts that one search has embedded; the others are for the next one.
    private static let mostAtOnce = 256

    private let core: Core
    private let embeddings: EmbeddingService
    private let kept = Mutex<[Key: QuantizedVector]>([:])

    init(core: Core, embeddings: EmbeddingService) {
        self.core = core
        self.embeddings = embeddings
    }

    /// The similarity of each text to a query; nil for one that has no vector yet, and for all where no model answers.
    ///
    /// The model is that of the newest agent of the organization that has one.
    func similarities(of texts: [String], to query: String, as scope: Scope) async throws -> [Double?] {
        let unknown = [Double?](repeating: nil, count: texts.count)
        guard query.contains(where: { !$0.isWhitespace }),
            let config = try await core.storage.read(as: scope, { db in try MessageVectorStore.newestModel(db) }),
            let vector = await embeddings.vector(ofQuery: query, by: config, as: scope)
        else { return unknown }
        let keys = texts.map {
            Key(
                organization: scope.organization,
                model: "\(config.embeddingEndpoint ?? "") \(config.embeddingModel)", text: $0)
        }
        let missing = kept.withLock { kept in keys.filter { kept[$0] == nil } }.withoutDuplicates
        let new = Array(missing.prefix(Self.mostAtOnce))
        if !new.isEmpty, let embedded = await embeddings.promptly(new.map(\.text), by: config, as: scope) {
            kept.withLock { kept in
                if kept.count + new.count > Self.mostKept { kept = [:] }
                for case (let key, .vector(let vector)) in zip(new, embedded) { kept[key] = QuantizedVector(vector) }
            }
        }
        let asked = QuantizedVector(vector)
        return kept.withLock { kept in keys.map { kept[$0]?.similarity(to: asked) } }
    }
}
