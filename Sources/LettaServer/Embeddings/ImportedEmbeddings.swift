import EventStreams
import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage
import Synchronization

/// Looks for the embedding models of archives, folders and agents that an import brought, and moves those whose model is
/// not to be had here to the server's default one.
///
/// What can't be told yet, because a configured provider does not answer, is looked at again an hour later.
final class ImportedEmbeddings: Sendable {
    private enum Finding {
        case present, absent, unknown
    }

    /// A model of an organization.
    private struct Model: Hashable {
        let organization: String
        let config: String
    }

    /// A model on this machine may have to be loaded.
    private static let patience = Duration.seconds(30)
    private static let pageSize = 100

    private let core: Core
    private let models: ModelService
    private let queue: EmbeddingQueue
    private let loop: WorkLoop
    /// What could not be told yet, and when it is looked at again.
    private let postponed = Mutex<[String: Timestamp]>([:])
    private static let pause: Int64 = 3_600_000_000

    init(core: Core, models: ModelService, queue: EmbeddingQueue) {
        self.core = core
        self.models = models
        self.queue = queue
        loop = WorkLoop(core: core, failureNotice: "The embedding models of an import are looked for later")
    }

    func start() {
        loop.start { [self] _ in
            try await look()
            return .nothing(until: postponed.withLock { $0.values.min() })
        }
    }

    func wake() { loop.wake() }

    func close() async { await loop.close() }

    /// Looks at what an import left, at each once.
    func look() async throws {
        var findings: [Model: Finding] = [:]
        var last: ImportedEmbeddingStore.Entry?
        while true {
            let page = try await core.storage.read { [last] db in
                try ImportedEmbeddingStore.page(after: last, limit: Self.pageSize, db)
            }
            guard !page.isEmpty else { return }
            last = page.last
            for entry in page where isDue(entry.owner) {
                try await look(at: entry, &findings)
            }
        }
    }

    private func look(at imported: ImportedEmbeddingStore.Entry, _ findings: inout [Model: Finding]) async throws {
        let (scope, owner) = (imported.scope, imported.owner)
        let document = try await core.storage.read(as: scope) { db in try owner.config(db) }
        guard let document, let config = try? document.content() else {
            // It was deleted, or has no model that could be read.
            return try await core.storage.write(as: scope) { db in try ImportedEmbeddingStore.remove(owner, db) }
        }
        let model = Model(organization: scope.organization, config: document.json.text)
        let finding: Finding
        if let known = findings[model] {
            finding = known
        } else {
            finding = try await find(config, as: scope)
            findings[model] = finding
        }
        switch finding {
        case .unknown: postpone(owner)
        case .present:
            try await core.storage.write(as: scope) { db in try ImportedEmbeddingStore.remove(owner, db) }
        case .absent: try await move(owner, from: document, config, as: scope)
        }
    }

    private func postpone(_ owner: ImportedEmbeddingStore.Owner) {
        let next = Timestamp(microseconds: core.now().microseconds + Self.pause)
        postponed.withLock { $0[owner.id] = next }
    }

    private func isDue(_ owner: ImportedEmbeddingStore.Owner) -> Bool {
        let now = core.now()
        return postponed.withLock { postponed in
            guard let next = postponed[owner.id] else { return true }
            guard next <= now else { return false }
            postponed[owner.id] = nil
            return true
        }
    }

    private func move(
        _ owner: ImportedEmbeddingStore.Owner, from document: Document<EmbeddingConfig>, _ old: EmbeddingConfig,
        as scope: Scope
    ) async throws {
        let config: EmbeddingConfig?
        do {
            config = try await models.anyEmbeddingModel(as: scope)
        } catch is APIError {
            config = nil
        }
        guard let config else {
            core.logger.notice(
                "What was imported is searched by its words: its embedding model is not to be had here, and there is no other",
                metadata: ["owner.id": "\(owner.id)", "model": "\(EmbeddingService.name(of: old))"])
            return postpone(owner)
        }
        let time = core.now()
        let isMoved = try await core.storage.write(as: scope) { db in
            try ImportedEmbeddingStore.remove(owner, db)
            // Somebody may have chosen a model meanwhile, or before the last restart.
            guard try owner.config(locking: true, db)?.json.text == document.json.text else { return false }
            return try Self.move(owner, to: config, at: time, db)
        }
        guard isMoved else { return }
        core.logger.notice(
            "What was imported is moved to the default embedding model, because its own is not to be had here",
            metadata: [
                "owner.id": "\(owner.id)", "from": "\(EmbeddingService.name(of: old))",
                "to": "\(EmbeddingService.name(of: config))",
            ])
        queue.wake()
    }

    /// - Returns: whether it is moved.
    private static func move(
        _ owner: ImportedEmbeddingStore.Owner, to config: EmbeddingConfig, at time: Timestamp, _ db: Transaction
    ) throws -> Bool {
        switch owner {
        case .agent(let id):
            guard var row = try AgentStore.rowForUpdate(id, db) else { return false }
            row.setEmbedding(config)
            try AgentStore.update(row, db)
        case .passages(let owner):
            guard try VectorStore.sets(of: owner.id, db).allSatisfy(\.isCurrent) else { return false }
            try PassageEmbeddingService.begin(config, for: owner, at: time, db)
        }
        return true
    }

    /// Asks the model itself: not every service lists its embedding models.
    private func find(_ config: EmbeddingConfig, as scope: Scope) async throws -> Finding {
        let provider = try await models.embedder(for: config, as: scope)
        do {
            let vectors = try await withDeadline(Self.patience, clock: core.clock) {
                try await provider.embed(["size"], model: config.embeddingModel)
            }
            return vectors.first?.isEmpty == false ? .present : .absent
        } catch {
            try Task.checkCancellation()
            guard try await models.isConfigured(provider.settings, as: scope) else { return .absent }
            switch (error as? ProviderFailure)?.kind {
            case .notFound, .badRequest, .unprocessable: return .absent
            default: return .unknown
            }
        }
    }
}

extension ModelService {
    /// Whether calls go to a service that the operator or a user set up, and not just to an address in a configuration.
    fileprivate func isConfigured(_ settings: ProviderSettings, as scope: Scope) async throws -> Bool {
        if directory.provider(where: { $0.settings == settings }) != nil { return true }
        return try await userProviders.provider(named: settings.name, as: scope)?.settings == settings
    }
}
