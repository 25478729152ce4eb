import HTTPKit
import LettaAPI

struct BlockRoutes: RouteGroup {
    let blocks: BlockService

    func register(on routes: Routes) {
        routes.handle(API.Blocks.list) { try await blocks.list($0.query, as: $0.scope) }
        routes.handle(API.Blocks.create) { try await blocks.create($0.body, as: $0.scope) }
        routes.handle(API.Blocks.count) { try await blocks.count($0.query, as: $0.scope) }
        routes.handle(API.Blocks.retrieve) { try await blocks.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Blocks.update) { try await blocks.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Blocks.delete) { try await blocks.delete($0.path, as: $0.scope) }
        routes.handle(API.Blocks.agents, agents)
        routes.handle(API.Blocks.history, in: { _ in .inTime(zeroIsAll: true) }) {
            try await blocks.history(of: $0.path, $0.query, as: $0.scope)
        }
        routes.handle(API.Blocks.restore) { try await blocks.restore($0.path, $0.body, as: $0.scope) }
        routes.handle(API.InternalBlocks.list) { try await blocks.list($0.query, as: $0.scope) }
        routes.handle(API.InternalBlocks.create) { try await blocks.create($0.body, as: $0.scope) }
        routes.handle(API.InternalBlocks.delete) { try await blocks.delete($0.path, as: $0.scope) }
        routes.handle(API.InternalBlocks.agents, agents)
    }

    func agents(_ call: Call<ID<Block>, ListAttachedAgents, NoBody>) async throws -> Page<AgentState> {
        // Unlike the list of agents, this one loads no relations unless asked, for any client, as the peer does.
        let relations = AgentRelationSet(call.query.include ?? [])
            .union(AgentRelationSet(relationships: call.query.includeRelationships ?? []))
        return try await blocks.agents(with: call.path, call.query, relations: relations, as: call.scope)
    }
}
