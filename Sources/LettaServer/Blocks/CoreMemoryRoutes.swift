import HTTPKit
import LettaAPI

struct CoreMemoryRoutes: RouteGroup {
    let memory: CoreMemoryService

    func register(on routes: Routes) {
        routes.handle(API.CoreMemory.retrieve) { try await memory.memory(of: $0.path, as: $0.scope) }
        routes.handle(API.CoreMemory.variables) { try await memory.variables(of: $0.path, as: $0.scope) }
        routes.handle(API.CoreMemory.listBlocks) { try await memory.list(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.CoreMemory.retrieveBlock) {
            try await memory.retrieve($0.path.name, of: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.CoreMemory.updateBlock) {
            try await memory.update($0.path.name, of: $0.path.outer, applying: $0.body, as: $0.scope)
        }
        routes.handle(API.CoreMemory.attachBlock) {
            try await memory.attach($0.path.inner, to: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.CoreMemory.detachBlock) {
            try await memory.detach($0.path.inner, from: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.InternalAgents.updateBlock) {
            try await memory.update($0.path.name, of: $0.path.outer, applying: $0.body, as: $0.scope)
        }
    }
}
