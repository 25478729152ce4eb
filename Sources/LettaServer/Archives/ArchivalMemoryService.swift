import AgentEngine
import JSON
import LettaAPI
import Storage

/// Lists, searches, adds and deletes the memories of one agent.
struct ArchivalMemoryService: Sendable {
    let core: Core
    let embedder: PassageEmbedder

    /// The default number of memories that a search returns.
    static let defaultFinds = 10
    /// The maximum number of memories that a search returns.
    static let mostFinds = 1_000

    func list(_ query: ListArchivalMemory, of agent: ID<AgentState>, as scope: Scope) async throws -> Page<Passage> {
        try KeyText.check("search", query.search, in: "query")
        return try await core.storage.read(as: scope) { db in
            try PassageStore.page(query, of: try Self.archives(of: agent, db), db)
        }
    }

    func create(_ body: CreateArchivalMemory, for agent: ID<AgentState>, as scope: Scope) async throws -> [Passage] {
        try PassageRules.checkTags(body.tags)
        let passage = NewPassage(
            id: core.ids.next(), text: body.text, tags: body.tags ?? [], time: core.now(), createdAt: body.createdAt)
        let due = PassageEmbedder.due(after: passage.time)
        let stored = try await core.storage.write(as: scope) { [core] db in
            guard let row = try AgentStore.rowForUpdate(agent, db) else {
                throw APIError.notFound("Agent", agent)
            }
            return try Self.insert([passage], for: row, ids: core.ids, due: due, db)
        }
        guard let archive = stored.first?.archiveID else { return stored }
        return try await embedder.embed(stored, of: archive, as: scope)
    }

    func search(
        _ query: SearchArchivalMemory, of agent: ID<AgentState>, as scope: Scope
    ) async throws -> ArchivalSearchResponse {
        try KeyText.check("query", query.query, in: "query")
        try PassageRules.checkTags(query.tags, in: "query")
        let limit = query.topK ?? Self.defaultFinds
        guard limit > 0 else {
            throw APIError.invalidField(
                "top_k", "top_k has to be positive", input: .int(Int64(limit)), in: "query")
        }
        var filter = PassageFilter()
        filter.tags = query.tags ?? []
        filter.needsAllTags = query.tagMatchMode == .all
        filter.from = query.startDatetime?.first
        filter.to = query.endDatetime?.last
        let row = try await core.storage.read(as: scope) { db in
            guard let row = try AgentStore.row(agent, db) else { throw APIError.notFound("Agent", agent) }
            return row
        }
        let found = try await find(query.query, matching: filter, limit: limit, of: agent, as: scope)
        return ArchivalSearchResponse(
            found.map { passage in
                .init(
                    id: passage.id, timestamp: Self.timestamp(of: passage, for: row), content: passage.text,
                    tags: passage.tags ?? [])
            })
    }

    func update(
        _ memory: String, of agent: ID<AgentState>, applying change: UpdateArchivalMemory, as scope: Scope
    ) async throws -> [Passage] {
        try PassageRules.checkTags(change.tags.value)
        let time = core.now()
        let changed = try await core.storage.write(as: scope) { db in
            let old = try Self.passageForUpdate(memory, of: agent, db)
            var passage = old
            change.text.apply(to: &passage.text)
            let tags = change.tags.applied(to: old.tags)?.withoutDuplicates ?? []
            passage.tags = tags.isEmpty ? nil : tags
            if !(try change.metadata.changes(from: old.metadata?.json).isKept) {
                passage.metadata = change.metadata.value ?? ObjectDocument()
            }
            guard passage.text != old.text || passage.tags != old.tags || passage.metadata != old.metadata else {
                return old
            }
            passage.lastUpdatedByID = scope.user
            passage.updatedAt = max(time, passage.updatedAt ?? time)
            try PassageStore.update(passage, db)
            if passage.text != old.text, let archive = passage.archiveID {
                let due = PassageEmbedder.due(after: time)
                try VectorStore.renew(passage.id, of: archive.rawValue, due: due, db)
            }
            return passage
        }
        guard let archive = changed.archiveID else { return [changed] }
        return try await embedder.embed([changed], of: archive, as: scope)
    }

    func delete(_ memory: String, of agent: ID<AgentState>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            try PassageStore.delete([try Self.passageForUpdate(memory, of: agent, db).id], db)
        }
    }

    /// A memory in one of the agent's archives. The archive is locked until the transaction ends.
    private static func passageForUpdate(_ memory: String, of agent: ID<AgentState>, _ db: Transaction) throws
        -> Passage
    {
        let archives = try archives(of: agent, db)
        guard let archive = try PassageStore.passage(ID(memory), db)?.archiveID, archives.contains(archive),
            try db.fetch(ArchiveStore.table, archive, locking: true) != nil,
            // It may have changed while this transaction waited for the lock.
            let passage = try PassageStore.passage(ID(memory), db)
        else { throw ArchiveService.missingPassage(memory) }
        return passage
    }
}

extension ArchivalMemoryService {
    /// The best matches among the agent's memories, up to `limit`; the newest ones for an empty query.
    func find(
        _ query: String, matching filter: PassageFilter, limit: Int, of agent: ID<AgentState>, as scope: Scope
    ) async throws -> [Passage] {
        let archives = try await core.storage.read(as: scope) { db in try ArchiveStore.archives(of: agent, db) }
        var filter = filter
        filter.archives = archives
        return try await embedder.search.find(
            query, in: .archives(query, matching: filter, orElse: .descending), limit: min(limit, Self.mostFinds),
            as: scope
        ).map(\.passage)
    }

    /// The creation time of a memory in the agent's time zone.
    static func timestamp(of passage: Passage, for agent: AgentRow) -> String {
        ZonedTime.isoTextOrUTC(microseconds: passage.createdAt?.microseconds ?? 0, zone: agent.timezone)
    }

    /// Adds memories to the agent's first archive and creates one if it has none. The caller has locked the agent's row.
    ///
    /// - Parameter due: when they are embedded in the background; nil for as soon as the queue is woken.
    static func insert(
        _ passages: [NewPassage], for agent: AgentRow, ids: IDSource, due: Timestamp? = nil, _ db: Transaction
    ) throws -> [Passage] {
        guard let first = passages.first else { return [] }
        let archive = try archive(for: agent, ids: ids, at: first.time, db)
        return try PassageStore.insert(passages, into: archive, due: due ?? first.time, db)
    }

    private static func archive(
        for agent: AgentRow, ids: IDSource, at time: Timestamp, _ db: Transaction
    ) throws -> Archive {
        // Deleted while this transaction waited for its lock: the agent has no archive then.
        if let id = try ArchiveStore.archives(of: agent.id, db).first,
            let archive = try db.fetch(ArchiveStore.table, id, locking: true)
        {
            return archive
        }
        var archive = Archive(id: ids.next(), name: "\(agent.name)'s Archive", in: db.scope, at: time)
        archive.description = "Default archive created automatically"
        archive.embeddingConfig = agent.embeddingConfig
        try db.insert(archive, into: ArchiveStore.table)
        try ArchiveStore.attach(archive.id, to: agent.id, isOwner: true, db)
        return archive
    }

    /// The size of an agent's archival memory.
    static func summary(of agent: ID<AgentState>, _ db: Transaction) throws -> ArchivalSummary {
        try ArchivalSummaryStore.summaries(of: [agent], db)[agent] ?? ArchivalSummary()
    }

    /// - Throws: `APIError` 404 when there is no such agent.
    private static func archives(of agent: ID<AgentState>, _ db: Transaction) throws -> [ID<Archive>] {
        guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
        return try ArchiveStore.archives(of: agent, db)
    }
}
