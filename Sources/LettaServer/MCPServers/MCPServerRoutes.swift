import HTTPKit
import HTTPTypes
import Hummingbird
import JSON
import LettaAPI
import NIOCore

struct MCPServerRoutes: RouteGroup {
    let servers: MCPServerService
    let tools: MCPToolService

    func register(on routes: Routes) {
        routes.handle(API.MCPServers.list) { try await servers.list($0.query, as: $0.scope) }
        routes.handle(API.MCPServers.create) { try await tools.create($0.body, as: $0.scope) }
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
        talk(on: routes)
    }

    /// The routes that connect to servers.
    private func talk(on routes: Routes) {
        routes.handle(API.MCPServers.refresh) {
            try await tools.refresh($0.path, for: $0.query.agentID, as: $0.scope)
        }
        routes.handle(API.MCPServers.run) {
            try await tools.run($0.path.inner, of: $0.path.outer, $0.body, as: $0.scope)
        }
        routes.handleResponse(API.MCPServers.connect) { call, _ in
            .eventStream(try await tools.connect(call.path, as: call.scope), to: call.client)
        }
        routes.handle(API.MCPServers.test) { try await tools.test($0.body, as: $0.scope) }
        routes.handleResponse(API.MCPServers.connectNamed) { call, _ in
            .eventStream(try await tools.connect(call.body, as: call.scope), to: call.client)
        }
        routes.handle(API.MCPServers.toolsNamed) {
            RawJSON(try await tools.offered(named: $0.path.text, as: $0.scope))
        }
        routes.handle(API.MCPServers.addTool) { try await tools.add($0.path, as: $0.scope) }
        routes.handle(API.MCPServers.resync) {
            try await tools.refresh(named: $0.path.text, for: $0.query.agentID, as: $0.scope)
        }
        routes.handle(API.MCPServers.execute) { try await tools.execute($0.path, $0.body, as: $0.scope) }
        routes.handleResponse(API.MCPServers.callback, mayStream: false) { call, _ in
            let text = try await tools.connector.authorizations.finish(call.query)
            return Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }
}
