import HTTPKit
import LettaAPI

struct CoreMemoryRoutes: RouteGroup {
    let memory: CoreMemoryService

    func register(on routes: Routes) {
        routes.handle(API.CoreMemory.retrieve, retrieve)
        routes.handle(API.CoreMemory.variables, variables)
        routes.handle(API.CoreMemory.listBlocks, listBlocks)
        routes.handle(API.CoreMemory.retrieveBlock, retrieveBlock)
        routes.handle(API.CoreMemory.updateBlock, updateBlock)
        routes.handle(API.CoreMemory.attachBlock, attachBlock)
        routes.handle(API.CoreMemory.detachBlock, detachBlock)
        routes.handle(API.InternalAgents.updateBlock, updateBlock)
    }

    func retrieve(_ call: Call<ID<AgentState>, NoQuery, NoBody>) async throws -> Memory {
        try await memory.memory(of: call.path, as: call.caller.scope)
    }

    func variables(_ call: Call<ID<AgentState>, NoQuery, NoBody>) async throws -> MemoryVariables {
        try await memory.variables(of: call.path, as: call.caller.scope)
    }

    func listBlocks(_ call: Call<ID<AgentState>, ListRelated, NoBody>) async throws -> [Block] {
        try await memory.list(of: call.path, call.query, as: call.caller.scope)
    }

    func retrieveBlock(_ call: Call<NamedPath<AgentState>, NoQuery, NoBody>) async throws -> Block {
        try await memory.retrieve(call.path.name, of: call.path.outer, as: call.caller.scope)
    }

    func updateBlock(_ call: Call<NamedPath<AgentState>, NoQuery, UpdateBlock>) async throws -> Block {
        try await memory.update(
            call.path.name, of: call.path.outer, applying: call.body, as: call.caller.scope)
    }

    func attachBlock(_ call: Call<NestedPath<AgentState, Block>, NoQuery, NoBody>) async throws -> AgentState {
        try await memory.attach(call.path.inner, to: call.path.outer, as: call.caller.scope)
    }

    func detachBlock(_ call: Call<NestedPath<AgentState, Block>, NoQuery, NoBody>) async throws -> AgentState {
        try await memory.detach(call.path.inner, from: call.path.outer, as: call.caller.scope)
    }
}
