import LettaAPI
import Storage

/// What is embedded and searched by meaning. Gives passages their vectors: at once where somebody waits for them and the model answers, in the background otherwise.
struct PassageEmbedder: Sendable {
    let core: Core
    let embeddings: EmbeddingService
    let queue: EmbeddingQueue
    let imported: ImportedEmbeddings
    let search: PassageSearch
    let messages: MessageEmbedder
    let meaning: MessageMeaning
    let texts: TextVectors

    /// More texts than these are embedded in the background.
    private static let mostAtOnce = 64
    /// After this time the background takes over what was stored for somebody who waits.
    private static let grace = 30 * 1_000_000 as Int64

    init(core: Core, models: ModelService) {
        self.core = core
        embeddings = EmbeddingService(core: core, models: models)
        queue = EmbeddingQueue(core: core, embeddings: embeddings)
        imported = ImportedEmbeddings(core: core, models: models, queue: queue)
        let index = VectorIndex(storage: core.storage)
        search = PassageSearch(core: core, embeddings: embeddings, index: index)
        messages = MessageEmbedder(core: core, embeddings: embeddings)
        texts = TextVectors(core: core, embeddings: embeddings)
        meaning = MessageMeaning(core: core, embeddings: embeddings, index: index)
    }

    /// When the background takes over passages that are stored now and then passed to ``embed(_:of:as:)``.
    static func due(after time: Timestamp) -> Timestamp {
        Timestamp(microseconds: time.microseconds + grace)
    }

    /// Embeds passages that were just stored, and returns them with what vectors they have then.
    func embed(_ passages: [Passage], of owner: ID<Archive>, as scope: Scope) async throws -> [Passage] {
        let ids = passages.map(\.id)
        let sets = try await core.storage.read(as: scope) { db in try VectorStore.sets(of: owner.rawValue, db) }
        guard let current = sets.first(where: \.isCurrent) else { return passages }
        queue.wake()
        let waiting = try await core.storage.read(as: scope) { db in
            try VectorStore.waiting(ids, in: current, as: scope, db)
        }
        let texts = waiting.passages.map(\.text)
        if texts.isEmpty {
            // Embedded already, or nothing to embed.
        } else if texts.count <= Self.mostAtOnce,
            let embedded = try await embeddings.promptly(texts, by: current.embeddingConfig.content(), as: scope)
        {
            try await EmbeddingWriter(core: core).store(embedded, of: waiting)
        } else {
            try await core.storage.write(as: scope) { [core] db in
                try VectorStore.setDue(ids, of: current, at: core.now(), db)
            }
            queue.wake()
        }
        return try await core.storage.read(as: scope) { db in try VectorStore.withVectors(passages, db) }
    }
}
