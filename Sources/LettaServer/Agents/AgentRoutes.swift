import HTTPKit
import LettaAPI

struct AgentRoutes: RouteGroup {
    let agents: AgentService
    let context: AgentContextService

    func register(on routes: Routes) {
        routes.handle(API.Agents.list, list)
        routes.handle(API.Agents.create, create)
        routes.handle(API.Agents.count, count)
        routes.handle(API.Agents.search, search)
        routes.handle(API.Agents.retrieve, retrieve)
        routes.handle(API.Agents.update, update)
        routes.handle(API.Agents.delete, delete)
        routes.handle(API.Agents.context, window)
        routes.handle(API.Agents.recompile, recompile)
        routes.handle(API.InternalAgents.count, countInternal)
        routes.handle(API.Tags.list, listTags)
    }

    func list(_ call: Call<NoPath, ListAgents, NoBody>) async throws -> [AgentState] {
        let relations = call.caller.relations(
            include: call.query.include, relationships: call.query.includeRelationships)
        return try await agents.list(call.query, with: relations, as: call.caller.scope)
    }

    func create(_ call: Call<NoPath, NoQuery, CreateAgent>) async throws -> AgentState {
        try await agents.create(call.body, as: call.caller.scope)
    }

    func count(_ call: Call<NoPath, AgentFilter, NoBody>) async throws -> Int {
        try await agents.count(call.query, as: call.caller.scope)
    }

    func search(_ call: Call<NoPath, NoQuery, SearchAgents>) async throws -> AgentSearchResult {
        let relations = call.caller.relations(include: nil, relationships: nil)
        return try await agents.search(call.body, with: relations, as: call.caller.scope)
    }

    func retrieve(_ call: Call<ID<AgentState>, RetrieveAgent, NoBody>) async throws -> AgentState {
        let relations = call.caller.relations(
            include: call.query.include, relationships: call.query.includeRelationships)
        return try await agents.retrieve(call.path, with: relations, as: call.caller.scope)
    }

    func update(_ call: Call<ID<AgentState>, NoQuery, UpdateAgent>) async throws -> AgentState {
        try await agents.update(call.path, applying: call.body, as: call.caller.scope)
    }

    func delete(_ call: Call<ID<AgentState>, NoQuery, NoBody>) async throws -> MessageOutput {
        try await agents.delete(call.path, as: call.caller.scope)
        return MessageOutput("Agent id=\(call.path) successfully deleted")
    }

    func window(_ call: Call<ID<AgentState>, RetrieveContext, NoBody>) async throws -> ContextWindow {
        try await context.window(of: call.path, call.query, as: call.caller.scope)
    }

    func recompile(_ call: Call<ID<AgentState>, RecompileAgent, NoBody>) async throws -> String {
        try await context.recompile(call.path, call.query, as: call.caller.scope)
    }

    func countInternal(_ call: Call<NoPath, CountInternalAgents, NoBody>) async throws -> Int {
        var filter = AgentFilter()
        filter.showHiddenAgents = call.query.excludeHidden == false
        return try await agents.count(filter, as: call.caller.scope)
    }

    func listTags(_ call: Call<NoPath, ListTags, NoBody>) async throws -> [String] {
        try await agents.tags(call.query, as: call.caller.scope)
    }
}
