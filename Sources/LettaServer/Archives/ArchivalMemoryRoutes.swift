import HTTPKit
import LettaAPI

struct ArchivalMemoryRoutes: RouteGroup {
    let memory: ArchivalMemoryService

    func register(on routes: Routes) {
        routes.handle(API.ArchivalMemory.list) { try await memory.list($0.query, of: $0.path, as: $0.scope) }
        routes.handle(API.ArchivalMemory.create) { try await memory.create($0.body, for: $0.path, as: $0.scope) }
        routes.handle(API.ArchivalMemory.search) { try await memory.search($0.query, of: $0.path, as: $0.scope) }
        routes.handle(API.ArchivalMemory.update) {
            let change = $0.body ?? UpdateArchivalMemory()
            return try await memory.update($0.path.name, of: $0.path.outer, applying: change, as: $0.scope)
        }
        routes.handle(API.ArchivalMemory.delete, delete)
    }

    func delete(_ call: Call<NamedPath<AgentState>, NoQuery, NoBody>) async throws -> MessageOutput {
        try await memory.delete(call.path.name, of: call.path.outer, as: call.scope)
        return MessageOutput("Memory id=\(call.path.name) successfully deleted")
    }
}
