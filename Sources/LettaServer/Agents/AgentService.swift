import JSON
import LettaAPI
import Storage

/// Agents with their relations: created, changed and deleted as a whole.
struct AgentService: Sendable {
    let core: Core
    let models: ModelService
    let secrets: SecretBox

    func retrieve(
        _ id: ID<AgentState>, with relations: AgentRelationSet, as scope: Scope
    ) async throws -> AgentState {
        try await core.storage.read(as: scope) { db in
            guard let row = try AgentStore.row(id, db) else { throw APIError.notFound("Agent", id) }
            return try AgentStateStore.state(of: row, with: relations, db)
        }
    }

    func list(
        _ query: ListAgents, with relations: AgentRelationSet, as scope: Scope
    ) async throws -> Page<AgentState> {
        try KeyText.check("query_text", query.filter.queryText, in: "query")
        let request = try PageRequest(query, defaultOrder: query.ascending == true ? .ascending : .descending)
        let key = query.orderBy ?? query.sortBy.flatMap(AgentOrder.init(rawValue:)) ?? .createdAt
        return try await core.storage.read(as: scope) { db in
            let page = try AgentStore.page(request, by: key, matching: query.filter, db)
            return try AgentStateStore.states(of: page, with: relations, db)
        }
    }

    func count(_ filter: AgentFilter, as scope: Scope) async throws -> Int {
        try KeyText.check("query_text", filter.queryText, in: "query")
        return try await core.storage.read(as: scope) { db in try AgentStore.count(matching: filter, db) }
    }

    func summaries(_ query: ListAgentSummaries, as scope: Scope) async throws -> Page<AgentSummary> {
        try KeyText.check("query", query.query, in: "query")
        let now = core.now()
        return try await core.storage.read(as: scope) { db in try AgentSummaryStore.page(query, at: now, db) }
    }

    func search(
        _ query: SearchAgents, with relations: AgentRelationSet, as scope: Scope
    ) async throws -> AgentSearchResult {
        var request = try PageRequest(
            after: query.after, limit: query.limit, order: query.ascending == true ? .ascending : .descending,
            defaultLimit: 50)
        // The cursor of the next page stands in the result.
        request.limit = min(request.limit ?? Self.mostFound, Self.mostFound)
        try Self.check(query.search ?? [])
        var filter = AgentFilter()
        filter.projectID = query.projectID
        return try await core.storage.read(as: scope) { [filter, request] db in
            let page = try AgentStore.page(
                request, by: query.sortBy ?? .createdAt, matching: filter, and: query.search ?? [], db)
            let agents = try AgentStateStore.states(of: page, with: relations, db)
            return AgentSearchResult(agents: agents.items, nextCursor: agents.next)
        }
    }

    /// The maximum number of agents in one result of a search.
    private static let mostFound = 500

    /// - Throws: `APIError` 422 when a statement would exceed the limits of the databases.
    private static func check(_ conditions: [AgentCondition]) throws {
        guard conditions.count <= 100 else {
            throw APIError.invalidField(
                "search", "a search may have up to 100 conditions", input: .int(Int64(conditions.count)))
        }
        for condition in conditions {
            switch condition {
            case .nameEquals(let text), .nameContains(let text): try KeyText.check("search", text)
            // PostgreSQL binds up to 65,535 values per statement.
            case .tags(let tags) where tags.count > 10_000:
                throw APIError.invalidField(
                    "search", "a condition may name up to 10000 tags", input: .int(Int64(tags.count)))
            case .tags, .identity, .templateName, .templateVersion: break
            }
        }
    }

    func tags(_ query: ListTags, as scope: Scope) async throws -> Page<String> {
        try KeyText.check("query_text", query.queryText, query.name, in: "query")
        return try await core.storage.read(as: scope) { db in try AgentStore.tags(query, db) }
    }

    /// Deletes an agent with its messages, the archive that it owns, its conversations, and its companion. Its
    /// blocks remain.
    ///
    /// - Returns: the agents that are gone.
    @discardableResult
    func delete(_ id: ID<AgentState>, as scope: Scope) async throws -> [ID<AgentState>] {
        let agents = try await core.storage.read(as: scope) { db in
            guard let row = try AgentStore.row(id, db) else { throw APIError.notFound("Agent", id) }
            return try Self.companions(of: row, db).map(\.id) + [id]
        }
        for agent in agents { try await deletePast(of: agent, as: scope) }
        return try await core.storage.write(as: scope) { db in try Self.delete(id, db) }
    }

    /// Deletes what grows with the age of an agent and what no turn at work needs.
    private func deletePast(of agent: ID<AgentState>, as scope: Scope) async throws {
        try await core.storage.deleteInPieces(as: scope) { db, limit in
            try MessageStore.deletePast(of: agent, limit: limit, db)
        }
        try await core.storage.deleteInPieces(as: scope) { db, limit in
            try RunStore.deleteEnded(of: agent, limit: limit, db)
        }
        try await core.storage.deleteInPieces(as: scope) { db, limit in
            guard let archive = try ArchiveService.archiveThatGoes(with: agent, db) else { return 0 }
            return try PassageStore.delete(of: archive, limit: limit, db)
        }
    }

    @discardableResult
    static func delete(_ id: ID<AgentState>, _ db: Transaction) throws -> [ID<AgentState>] {
        guard let row = try AgentStore.rowForUpdate(id, db) else {
            throw APIError.notFound("Agent", id)
        }
        let agents = try companions(of: row, db) + [row]
        for agent in agents {
            try ArchiveService.deleteOwnArchive(of: agent.id, db)
            try ConversationStore.deleteIsolatedBlocks(ofAgent: agent.id, db)
            try AgentStore.delete(agent, db)
        }
        return agents.map(\.id)
    }
}
