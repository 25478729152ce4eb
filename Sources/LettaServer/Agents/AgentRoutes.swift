import HTTPKit
import LettaAPI

struct AgentRoutes: RouteGroup {
    let agents: AgentService
    let context: AgentContextService
    let templates: TemplateService
    let turns: TurnService

    func register(on routes: Routes) {
        routes.handle(API.Agents.list, list)
        routes.handle(API.Agents.create) { try await templates.createAgent($0.body, as: $0.scope) }
        routes.handle(API.Agents.count) { try await agents.count($0.query, as: $0.scope) }
        routes.handle(API.Agents.summaries) { try await agents.summaries($0.query, as: $0.scope) }
        routes.handle(API.Agents.search, search)
        routes.handle(API.Agents.retrieve, retrieve)
        routes.handle(API.Agents.update) { try await agents.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Agents.delete, delete)
        routes.handle(API.Agents.context) { try await context.window(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Agents.recompile) { try await context.recompile($0.path, $0.query, as: $0.scope) }
        routes.handle(API.InternalAgents.count, countInternal)
        routes.handle(API.Tags.list) { try await agents.tags($0.query, as: $0.scope) }
    }

    func list(_ call: Call<NoPath, ListAgents, NoBody>) async throws -> Page<AgentState> {
        let relations = call.caller.relations(
            include: call.query.include, relationships: call.query.includeRelationships)
        return try await agents.list(call.query, with: relations, as: call.scope)
    }

    func search(_ call: Call<NoPath, NoQuery, SearchAgents>) async throws -> AgentSearchResult {
        let relations = call.caller.relations(include: nil, relationships: nil)
        return try await agents.search(call.body, with: relations, as: call.scope)
    }

    func retrieve(_ call: Call<ID<AgentState>, RetrieveAgent, NoBody>) async throws -> AgentState {
        let relations = call.caller.relations(
            include: call.query.include, relationships: call.query.includeRelationships)
        return try await agents.retrieve(call.path, with: relations, as: call.scope)
    }

    func delete(_ call: Call<ID<AgentState>, NoQuery, NoBody>) async throws -> MessageOutput {
        let deleted = try await agents.delete(call.path, as: call.scope)
        turns.end(turnsOf: deleted, as: call.scope)
        return MessageOutput("Agent id=\(call.path) successfully deleted")
    }

    func countInternal(_ call: Call<NoPath, CountInternalAgents, NoBody>) async throws -> Int {
        var filter = AgentFilter()
        filter.showHiddenAgents = call.query.excludeHidden == false
        return try await agents.count(filter, as: call.scope)
    }
}
