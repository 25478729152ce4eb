import LettaAPI
import Logging
import Storage

/// Writes what embedding made of passages, with what follows from it for their archive or file.
struct EmbeddingWriter: Sendable {
    let core: Core

    private static let longestRetry = 600 * 1_000_000 as Int64

    /// Stores the vectors. A set that is complete with them replaces the one that was searched before.
    func store(_ embedded: [EmbeddedText], of batch: WaitingPassages) async throws {
        let time = core.now()
        let pairs = Array(zip(batch.passages, embedded))
        for case (let passage, .refused(let reason)) in pairs {
            core.logger.warning(
                "An embedding model refuses a passage, which is found by its words alone",
                metadata: ["passage.id": "\(passage.id)", "error": "\(reason)"])
        }
        try await shieldedFromCancellation { [core] in
            try await core.storage.write(as: batch.scope) { db in
                guard let set = try Self.lock(batch.set, db) else { return try VectorStore.delete(batch.set, db) }
                guard !pairs.isEmpty else { return try VectorStore.deleteWithoutPassages(in: set, db) }
                let done = pairs.map { passage, text -> (passage: WaitingPassages.Passage, vector: [Float]?) in
                    if case .vector(let vector) = text { return (passage: passage, vector: vector) }
                    return (passage: passage, vector: nil)
                }
                let lengths = Set(done.compactMap { $0.vector?.count } + [set.dimensions].compactMap { $0 })
                guard lengths.count <= 1 else {
                    let problem = Self.mix(of: lengths.sorted(), in: set)
                    return try Self.note(problem, count: set.failures + 1, of: set, at: time, db)
                }
                let stored = try VectorStore.store(done, in: set, db)
                if set.dimensions == nil, let length = lengths.first {
                    try Self.setDimensions(length, of: set, db)
                }
                if set.kind == .folder, set.isCurrent { try FolderStore.noteEmbedded(stored, at: time, db) }
                if !set.isCurrent { try Self.replaceIfComplete(set, at: time, db) }
            }
        }
    }

    /// Stores that the model of a set failed, and when it is tried again.
    func note(_ failure: String, count: Int, of set: VectorSet, as scope: Scope) async throws {
        let time = core.now()
        try await core.storage.write(as: scope) { db in
            guard let set = try Self.lock(set, db) else { return try VectorStore.delete(set, db) }
            try Self.note(failure, count: count, of: set, at: time, db)
        }
    }

    private static func note(
        _ failure: String, count: Int, of set: VectorSet, at time: Timestamp, _ db: Transaction
    ) throws {
        let pause = min(Int64(1) << min(count - 1, 20) * 1_000_000, longestRetry)
        try VectorStore.note(
            failure: failure, count: count, retryAt: Timestamp(microseconds: time.microseconds + pause), of: set, db)
        if set.kind == .folder, set.isCurrent {
            try FolderStore.completeWithoutVectors(
                in: ID(set.ownerID), because: Self.wordsOnly(set, failure), at: time, db)
        }
    }

    /// What a file says whose passages have no vectors yet.
    static func wordsOnly(_ set: VectorSet, _ failure: String) -> String {
        // Of an unreadable configuration the failure says more than a name.
        let name = (try? set.embeddingConfig.content()).map { EmbeddingService.name(of: $0) } ?? ""
        return "The file is found by its words until the embedding model \(name) answers: \(failure)"
    }

    /// The archive or folder is locked before the set. Nil when one of them is gone.
    private static func lock(_ set: VectorSet, _ db: Transaction) throws -> VectorSet? {
        switch set.kind {
        case .archive:
            guard try db.fetch(ArchiveStore.table, set.ownerID, locking: true) != nil else { return nil }
        case .folder:
            guard try db.fetch(FolderStore.table, set.ownerID, locking: true) != nil else { return nil }
        }
        return try VectorStore.sets(of: set.ownerID, db).first { $0.generation == set.generation }
    }

    private static func mix(of lengths: [Int], in set: VectorSet) -> String {
        let list = lengths.map(String.init).joined(separator: " and ")
        return """
            The model gave vectors of \(list) numbers, and \(set.ownerID) takes vectors of one length. Move it to the \
            model as it is now: POST /v1/\(set.kind.rawValue)s/\(set.ownerID)/embedding.
            """
    }

    /// The configuration tells the length that the vectors really have.
    private static func setDimensions(_ length: Int, of set: VectorSet, _ db: Transaction) throws {
        var config = try set.embeddingConfig.content()
        guard config.embeddingDim != length else { return }
        config.embeddingDim = length
        try VectorStore.setConfig(Document(config), of: set, db)
        if set.isCurrent { try setConfig(Document(config), of: set, db) }
    }

    static func setConfig(_ config: Document<EmbeddingConfig>, of set: VectorSet, _ db: Transaction) throws {
        switch set.kind {
        case .archive:
            guard var archive = try db.fetch(ArchiveStore.table, set.ownerID) else { return }
            archive.embeddingConfig = config
            try db.update(archive, in: ArchiveStore.table)
        case .folder:
            guard var folder = try db.fetch(FolderStore.table, set.ownerID) else { return }
            folder.embeddingConfig = config
            try db.update(folder, in: FolderStore.table)
        }
    }

    /// Searches use the new set as soon as nothing waits in it.
    static func replaceIfComplete(_ set: VectorSet, at time: Timestamp, _ db: Transaction) throws {
        guard try !VectorStore.hasWaiting(in: set, db),
            let complete = try VectorStore.sets(of: set.ownerID, db).first(where: { $0.generation == set.generation })
        else { return }
        try VectorStore.makeCurrent(complete, db)
        try setConfig(complete.embeddingConfig, of: complete, db)
    }
}
