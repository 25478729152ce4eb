import HTTPKit
import LettaAPI

struct ArchivalMemoryRoutes: RouteGroup {
    let memory: ArchivalMemoryService

    func register(on routes: Routes) {
        routes.handle(API.ArchivalMemory.list, list)
        routes.handle(API.ArchivalMemory.create, create)
        routes.handle(API.ArchivalMemory.search, search)
        routes.handle(API.ArchivalMemory.delete, delete)
    }

    func list(_ call: Call<ID<AgentState>, ListArchivalMemory, NoBody>) async throws -> [Passage] {
        try await memory.list(call.query, of: call.path, as: call.caller.scope)
    }

    func create(_ call: Call<ID<AgentState>, NoQuery, CreateArchivalMemory>) async throws -> [Passage] {
        try await memory.create(call.body, for: call.path, as: call.caller.scope)
    }

    func search(
        _ call: Call<ID<AgentState>, SearchArchivalMemory, NoBody>
    ) async throws -> ArchivalSearchResponse {
        try await memory.search(call.query, of: call.path, as: call.caller.scope)
    }

    func delete(_ call: Call<NamedPath<AgentState>, NoQuery, NoBody>) async throws -> MessageOutput {
        try await memory.delete(call.path.name, of: call.path.outer, as: call.caller.scope)
        return MessageOutput("Memory id=\(call.path.name) successfully deleted")
    }
}
