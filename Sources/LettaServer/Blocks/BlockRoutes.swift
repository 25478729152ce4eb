import HTTPKit
import LettaAPI

struct BlockRoutes: RouteGroup {
    let blocks: BlockService

    func register(on routes: Routes) {
        routes.handle(API.Blocks.list, list)
        routes.handle(API.Blocks.create, create)
        routes.handle(API.Blocks.count, count)
        routes.handle(API.Blocks.retrieve, retrieve)
        routes.handle(API.Blocks.update, update)
        routes.handle(API.Blocks.delete, delete)
        routes.handle(API.Blocks.agents, agents)
        routes.handle(API.Blocks.history, history)
        routes.handle(API.InternalBlocks.list, list)
        routes.handle(API.InternalBlocks.create, create)
        routes.handle(API.InternalBlocks.delete, delete)
        routes.handle(API.InternalBlocks.agents, agents)
    }

    func list(_ call: Call<NoPath, ListBlocks, NoBody>) async throws -> Reply<[Block]> {
        let page = try await blocks.list(call.query, as: call.caller.scope)
        let next = page.isFull ? page.items.last?.id.rawValue : nil
        return Reply(page.items, headers: PageLink.headers(target: call.target, after: next))
    }

    func create(_ call: Call<NoPath, NoQuery, CreateBlock>) async throws -> Block {
        try await blocks.create(call.body, as: call.caller.scope)
    }

    func count(_ call: Call<NoPath, CountBlocks, NoBody>) async throws -> Int {
        try await blocks.count(call.query, as: call.caller.scope)
    }

    func retrieve(_ call: Call<ID<Block>, NoQuery, NoBody>) async throws -> Block {
        try await blocks.retrieve(call.path, as: call.caller.scope)
    }

    func update(_ call: Call<ID<Block>, NoQuery, UpdateBlock>) async throws -> Block {
        try await blocks.update(call.path, applying: call.body, as: call.caller.scope)
    }

    func delete(_ call: Call<ID<Block>, NoQuery, NoBody>) async throws -> NullOutput {
        try await blocks.delete(call.path, as: call.caller.scope)
        return NullOutput()
    }

    func agents(_ call: Call<ID<Block>, ListAttachedAgents, NoBody>) async throws -> [AgentState] {
        // Unlike the list of agents, this one loads nothing unasked, for any client, as the peer does.
        let relations = AgentRelationSet(call.query.include ?? [])
            .union(AgentRelationSet(relationships: call.query.includeRelationships ?? []))
        return try await blocks.agents(with: call.path, call.query, relations: relations, as: call.caller.scope)
    }

    func history(_ call: Call<ID<Block>, ListBlockHistory, NoBody>) async throws -> [BlockVersion] {
        try await blocks.history(of: call.path, call.query, as: call.caller.scope)
    }
}
