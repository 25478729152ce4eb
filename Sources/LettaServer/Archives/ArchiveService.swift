import LettaAPI
import Storage

/// The rules of archives: agents share them, and each owns the one created for it.
struct ArchiveService: Sendable {
    let core: Core
    let models: ModelService
    let embedder: PassageEmbedder

    func list(_ query: ListArchives, as scope: Scope) async throws -> Page<Archive> {
        try KeyText.check("name", query.name, in: "query")
        return try await core.storage.read(as: scope) { db in try ArchiveStore.page(query, db) }
    }

    func create(_ body: CreateArchive, as scope: Scope) async throws -> Archive {
        try KeyText.check("name", body.name)
        var config = body.embeddingConfig
        if let config { try models.check(config) }
        if config == nil, let handle = body.embedding { config = try await models.embeddingModel(handle, as: scope) }
        var archive = Archive(id: core.ids.next(), name: body.name, in: scope, at: core.now())
        archive.description = body.description
        archive.embeddingConfig = config.map { Document($0) }
        return try await core.storage.write(as: scope) { [archive] db in
            try db.insert(archive, into: ArchiveStore.table)
            return archive
        }
    }

    func retrieve(_ id: ID<Archive>, as scope: Scope) async throws -> Archive {
        try await core.storage.read(as: scope) { db in
            guard let archive = try db.fetch(ArchiveStore.table, id) else { throw Self.missing(id) }
            return archive
        }
    }

    func update(_ id: ID<Archive>, applying change: UpdateArchive, as scope: Scope) async throws -> Archive {
        try KeyText.check("name", change.name.value)
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            let old = try Self.archiveForUpdate(id, db)
            var archive = old
            change.name.apply(to: &archive.name)
            change.description.apply(to: &archive.description)
            guard (archive.name, archive.description) != (old.name, old.description) else {
                return old
            }
            archive.lastUpdatedByID = scope.user
            archive.updatedAt = max(time, archive.updatedAt ?? time)
            try db.update(archive, in: ArchiveStore.table)
            return archive
        }
    }

    /// Deletes an archive with its passages. Its agents get a new one with their next memory.
    func delete(_ id: ID<Archive>, as scope: Scope) async throws {
        try await core.storage.deleteInPieces(as: scope) { db, limit in
            try PassageStore.delete(of: try Self.archiveForUpdate(id, db).id, limit: limit, db)
        }
        try await core.storage.write(as: scope) { db in
            try ArchiveStore.delete(try Self.archiveForUpdate(id, db).id, db)
        }
    }

    func agents(with id: ID<Archive>, _ query: ListArchiveAgents, as scope: Scope) async throws -> Page<AgentState> {
        let request = try PageRequest(query)
        return try await core.storage.read(as: scope) { db in
            guard try db.exists(id, in: ArchiveStore.table) else { throw Self.missing(id) }
            let page = try AgentStore.page(request, where: ArchiveStore.isAttached(id, db), db)
            return try AgentStateStore.states(of: page, with: AgentRelationSet(query.include ?? []), db)
        }
    }

    // MARK: Agents

    /// Attaches an archive to an agent; does nothing when it is attached already.
    func attach(_ id: ID<Archive>, to agent: ID<AgentState>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            guard try AgentStore.rowForUpdate(agent, db) != nil else {
                throw APIError.notFound("Agent", agent)
            }
            _ = try Self.archiveForUpdate(id, db)
            try ArchiveStore.attach(id, to: agent, isOwner: false, db)
        }
    }

    /// Detaches an archive from an agent; does nothing when it is not attached. The archive remains.
    func detach(_ id: ID<Archive>, from agent: ID<AgentState>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            guard try AgentStore.rowForUpdate(agent, db) != nil else {
                throw APIError.notFound("Agent", agent)
            }
            _ = try Self.archiveForUpdate(id, db)
            try ArchiveStore.detach(id, from: agent, db)
        }
    }

    // MARK: Passages

    func add(_ body: CreatePassage, to id: ID<Archive>, as scope: Scope) async throws -> Passage {
        let added: [Passage] = try await add([body], to: id, as: scope)
        return added[0]
    }

    /// Adds all passages or none.
    func add(_ bodies: [CreatePassage], to id: ID<Archive>, as scope: Scope) async throws -> [Passage] {
        let time = core.now()
        let passages = try bodies.enumerated().map { index, body in
            try PassageRules.checkTags(body.tags)
            // One microsecond apart, so that lists show them in the given order.
            let created = Timestamp(microseconds: time.microseconds + Int64(index))
            var passage = NewPassage(
                id: core.ids.next(), text: body.text, tags: body.tags ?? [], time: created, createdAt: body.createdAt)
            passage.metadata = body.metadata ?? ObjectDocument()
            return passage
        }
        let stored = try await core.storage.write(as: scope) { db in
            let archive = try Self.archiveForUpdate(id, db)
            return try PassageStore.insert(passages, into: archive, due: PassageEmbedder.due(after: time), db)
        }
        return try await embedder.embed(stored, of: id, as: scope)
    }

    func delete(_ passage: ID<Passage>, from id: ID<Archive>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try Self.archiveForUpdate(id, db)
            guard try PassageStore.exists(passage, in: id, db) else {
                throw Self.missingPassage(passage.rawValue)
            }
            try PassageStore.delete([passage], db)
        }
    }
}

extension ArchiveService {
    static func missing(_ id: ID<Archive>) -> APIError { .notFound("Archive", id) }

    static func missingPassage(_ id: String) -> APIError {
        APIError(404, "Passage with id \(id) not found in database.")
    }

    private static func archiveForUpdate(_ id: ID<Archive>, _ db: Transaction) throws -> Archive {
        guard let archive = try db.fetch(ArchiveStore.table, id, locking: true) else { throw missing(id) }
        return archive
    }

    /// Deletes the archive that an agent owns, in the transaction that deletes the agent. One that another agent shares
    /// remains, and so does one created independently.
    static func deleteOwnArchive(of agent: ID<AgentState>, _ db: Transaction) throws {
        guard let id = try archiveThatGoes(with: agent, db) else { return }
        try ArchiveStore.delete(id, db)
    }

    /// The archive that is deleted with its agent, locked; nil where there is none, or where another agent shares it.
    static func archiveThatGoes(with agent: ID<AgentState>, _ db: Transaction) throws -> ID<Archive>? {
        guard let id = try ArchiveStore.ownArchive(of: agent, db),
            try db.fetch(ArchiveStore.table, id, locking: true) != nil,
            try !ArchiveStore.isShared(id, besides: agent, db)
        else { return nil }
        return id
    }
}

extension Archive {
    init(id: ID<Archive>, name: String, in scope: Scope, at time: Timestamp) {
        self.init(id: id, name: name, organizationID: scope.organization, createdAt: time)
        createdByID = scope.user
        lastUpdatedByID = scope.user
        updatedAt = time
    }
}
