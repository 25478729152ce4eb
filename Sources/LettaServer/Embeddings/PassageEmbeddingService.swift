import LettaAPI
import Storage

/// What passages belong to: its model makes their vectors.
enum PassageOwner: Sendable {
    case archive(ID<Archive>)
    case folder(ID<Folder>)

    var id: String {
        switch self {
        case .archive(let id): id.rawValue
        case .folder(let id): id.rawValue
        }
    }

    var kind: VectorSet.Kind {
        switch self {
        case .archive: .archive
        case .folder: .folder
        }
    }

    /// The configuration that the archive or folder shows.
    ///
    /// - Throws: `APIError` 404 when it does not exist.
    func config(locking: Bool = false, _ db: Transaction) throws -> Document<EmbeddingConfig>? {
        switch self {
        case .archive(let id):
            guard let archive = try db.fetch(ArchiveStore.table, id, locking: locking) else {
                throw ArchiveService.missing(id)
            }
            return archive.embeddingConfig
        case .folder(let id): return try FolderService.folder(id, locking: locking, db).embeddingConfig
        }
    }
}

/// Moves archives and folders to other embedding models, and tells how far that is.
struct PassageEmbeddingService: Sendable {
    let core: Core
    let models: ModelService
    let queue: EmbeddingQueue

    func retrieve(_ owner: PassageOwner, as scope: Scope) async throws -> PassageEmbedding {
        try await core.storage.read(as: scope) { db in try Self.state(of: owner, db) }
    }

    func change(
        _ owner: PassageOwner, to body: ChangeEmbedding, as scope: Scope
    ) async throws -> PassageEmbedding {
        _ = try await core.storage.read(as: scope) { db in try owner.config(db) }
        let config: EmbeddingConfig
        if let given = body.embeddingConfig {
            try models.check(given)
            config = given
        } else if let handle = body.embedding {
            config = try await models.embeddingModel(handle, as: scope)
        } else {
            throw APIError.invalidArgument("Must specify either embedding or embedding_config in request")
        }
        let time = core.now()
        let state = try await core.storage.write(as: scope) { db in
            try Self.begin(config, for: owner, at: time, db)
            return try Self.state(of: owner, db)
        }
        queue.wake()
        return state
    }

    /// Begins to embed the passages of an owner by a model. What has vectors is searched by those until all is embedded
    /// anew; with the model that it has, what lacks a vector is tried again.
    static func begin(
        _ config: EmbeddingConfig, for owner: PassageOwner, at time: Timestamp, _ db: Transaction
    ) throws {
        let shown = try owner.config(locking: true, db)
        var sets = try VectorStore.setsForNewPassages(of: owner.id, owner.kind, nil, at: time, db)
        if sets.isEmpty, let shown {
            sets = try VectorStore.setsForNewPassages(of: owner.id, owner.kind, shown, at: time, db)
        }
        let current = sets.first(where: \.isCurrent)
        for set in sets where !set.isCurrent { try VectorStore.delete(set, db) }
        if let current, try current.embeddingConfig.content().isSameModel(as: config) {
            return try VectorStore.renewMissing(in: current, db)
        }
        let next = VectorSet(
            ownerID: owner.id, generation: (sets.map(\.generation).max() ?? 0) + 1, kind: owner.kind,
            embeddingConfig: Document(config), isCurrent: current == nil, retryAt: Timestamp(microseconds: 0),
            createdAt: time)
        try VectorStore.insert(next, db)
        try VectorStore.addAll(to: next, due: time, db)
        if current == nil { return try EmbeddingWriter.setConfig(next.embeddingConfig, of: next, db) }
        try EmbeddingWriter.replaceIfComplete(next, at: time, db)
    }

    private static func state(of owner: PassageOwner, _ db: Transaction) throws -> PassageEmbedding {
        var state = PassageEmbedding(embeddingConfig: try owner.config(db))
        for set in try VectorStore.sets(of: owner.id, db) {
            let counts = try VectorStore.counts(of: set, db)
            if set.isCurrent {
                state.passages = counts.all
                state.waiting = counts.waiting
                state.error = set.error
            } else {
                state.next = PassageEmbedding.Next(
                    embeddingConfig: set.embeddingConfig, passages: counts.all, waiting: counts.waiting,
                    error: set.error)
            }
        }
        return state
    }
}

extension EmbeddingConfig {
    /// Whether vectors of one can be compared with those of the other.
    func isSameModel(as other: EmbeddingConfig) -> Bool {
        embeddingModel == other.embeddingModel && embeddingEndpoint == other.embeddingEndpoint
            && embeddingEndpointType == other.embeddingEndpointType
    }
}
