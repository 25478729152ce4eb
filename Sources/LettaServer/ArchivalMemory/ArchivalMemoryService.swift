import AgentEngine
import JSON
import LettaAPI
import Storage

/// What may be done with the archival memory of one agent.
struct ArchivalMemoryService: Sendable {
    let storage: any StorageEngine
    let ids: IDSource
    let now: @Sendable () -> Timestamp

    /// How many memories a search finds when nobody says.
    static let defaultFinds = 10
    /// The most that a search finds.
    static let mostFinds = 1_000

    func list(_ query: ListArchivalMemory, of agent: ID<AgentState>, as scope: Scope) async throws -> [Passage] {
        try KeyText.check("search", query.search, in: "query")
        let request = try PageRequest(
            after: query.after, before: query.before, limit: query.limit,
            order: query.ascending == false ? .descending : .ascending, defaultLimit: 100, defaultOrder: .ascending)
        return try await storage.read { db in
            guard let archive = try Self.archive(of: agent, in: scope, db) else { return [] }
            let rows = try PassageStore.page(request, containing: query.search, of: archive, in: scope, db)
            return rows.map { $0.wire(in: scope) }
        }
    }

    func create(_ body: CreateArchivalMemory, for agent: ID<AgentState>, as scope: Scope) async throws -> [Passage] {
        try PassageRules.checkTags(body.tags)
        let passage = NewPassage(
            id: ids.next(), text: body.text, tags: body.tags ?? [], time: now(), createdAt: body.createdAt)
        return try await storage.write { [ids] db in
            guard let row = try AgentStore.rowForUpdate(agent, in: scope, db) else {
                throw APIError.notFound("Agent", agent)
            }
            return try Self.insert([passage], for: row, ids: ids, in: scope, db).map { $0.wire(in: scope) }
        }
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
        return try await storage.read { [filter] db in
            guard let row = try AgentStore.row(agent, in: scope, db) else { throw APIError.notFound("Agent", agent) }
            let found = try Self.find(
                query.query, matching: filter, limit: limit, in: AgentView(agent, scope: scope), db)
            return ArchivalSearchResponse(
                found.map { passage in
                    .init(
                        id: passage.id, timestamp: Self.timestamp(of: passage, for: row), content: passage.text,
                        tags: passage.tags)
                })
        }
    }

    func delete(_ memory: String, of agent: ID<AgentState>, as scope: Scope) async throws {
        try await storage.write { db in
            guard let archive = try Self.archive(of: agent, in: scope, db),
                try ArchiveStore.rowForUpdate(archive, in: scope, db) != nil,
                let passage = try PassageStore.row(ID(memory), of: archive, in: scope, db)
            else { throw ArchiveService.missingPassage(memory) }
            try PassageStore.delete(passage, in: scope, db)
        }
    }
}

extension ArchivalMemoryService {
    /// Whose archive is searched.
    struct AgentView: Sendable {
        let agent: ID<AgentState>
        let scope: Scope

        init(_ agent: ID<AgentState>, scope: Scope) {
            self.agent = agent
            self.scope = scope
        }
    }

    /// The agent's memories that fit best, at most so many; the newest where nothing is asked for.
    static func find(
        _ query: String, matching filter: PassageFilter, limit: Int, in view: AgentView, _ db: any SQLExecutor
    ) throws -> [PassageRow] {
        guard let archive = try AgentArchiveStore.archive(of: view.agent, in: view.scope, db) else { return [] }
        var filter = filter
        filter.archive = archive
        return try PassageSearchStore.find(
            query, matching: filter, orElse: .descending, limit: min(limit, mostFinds), in: view.scope, db
        ).map(\.passage)
    }

    /// When a memory was made, on the agent's clock.
    static func timestamp(of passage: PassageRow, for agent: AgentRow) -> String {
        ZonedTime.isoTextOrUTC(microseconds: passage.createdAt.microseconds, zone: agent.timezone)
    }

    /// Adds memories of an agent, whose row the caller has locked, to its archive; to a new one when it has none.
    static func insert(
        _ passages: [NewPassage], for agent: AgentRow, ids: IDSource, in scope: Scope, _ db: any SQLExecutor
    ) throws -> [PassageRow] {
        guard let first = passages.first else { return [] }
        let archive = try archive(for: agent, ids: ids, at: first.time, in: scope, db)
        return try passages.map { try PassageStore.insert($0, into: archive, in: scope, db) }
    }

    private static func archive(
        for agent: AgentRow, ids: IDSource, at time: Timestamp, in scope: Scope, _ db: any SQLExecutor
    ) throws -> ID<Archive> {
        // Not there any more when it was deleted while we waited for its lock; then the agent has none.
        if let id = try AgentArchiveStore.archive(of: agent.id, in: scope, db),
            let archive = try ArchiveStore.rowForUpdate(id, in: scope, db)
        {
            return archive.id
        }
        var archive = ArchiveRow(id: ids.next(), name: "\(agent.name)'s Archive", by: scope.user, at: time)
        archive.description = "Default archive created automatically"
        archive.embeddingConfig = agent.embeddingConfig
        try ArchiveStore.insert(archive, in: scope, db)
        try AgentArchiveStore.attach(archive.id, to: agent.id, isOwner: true, in: scope, db)
        return archive.id
    }

    /// How much an agent has in archival memory.
    static func summary(
        of agent: ID<AgentState>, in scope: Scope, _ db: any SQLExecutor
    ) throws -> ArchivalSummary {
        guard let archive = try AgentArchiveStore.archive(of: agent, in: scope, db) else { return ArchivalSummary() }
        return try PassageStore.summary(of: archive, in: scope, db)
    }

    /// - Throws: `APIError` 404 when there is no such agent.
    private static func archive(
        of agent: ID<AgentState>, in scope: Scope, _ db: any SQLExecutor
    ) throws -> ID<Archive>? {
        guard try AgentStore.exists(agent, in: scope, db) else { throw APIError.notFound("Agent", agent) }
        return try AgentArchiveStore.archive(of: agent, in: scope, db)
    }
}
