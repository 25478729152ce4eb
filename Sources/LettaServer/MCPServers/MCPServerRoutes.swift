import HTTPKit
import LettaAPI

struct MCPServerRoutes: RouteGroup {
    let servers: MCPServerService

    func register(on routes: Routes) {
        routes.handle(API.MCPServers.list) { try await servers.list($0.query, as: $0.scope) }
        routes.handle(API.MCPServers.create) { try await servers.create($0.body, as: $0.scope) }
        routes.handle(API.MCPServers.retrieve) { try await servers.retrieve($0.path, as: $0.scope) }
        routes.handle(API.MCPServers.update) { try await servers.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.MCPServers.delete) { try await servers.delete($0.path, as: $0.scope) }
        routes.handle(API.MCPServers.tools) { try await servers.tools(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.MCPServers.tool) {
            try await servers.tool($0.path.inner, of: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.MCPServers.listNamed) { try await servers.listNamed(as: $0.scope) }
        routes.handle(API.MCPServers.put) { try await servers.put($0.body, as: $0.scope) }
        routes.handle(API.MCPServers.updateNamed) {
            try await servers.update(named: $0.path.text, applying: $0.body, as: $0.scope)
        }
        routes.handle(API.MCPServers.deleteNamed) { try await servers.delete(named: $0.path.text, as: $0.scope) }
    }
}
