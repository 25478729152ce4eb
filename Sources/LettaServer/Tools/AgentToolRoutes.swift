import HTTPKit
import LettaAPI

struct AgentToolRoutes: RouteGroup {
    let tools: AgentToolService
    let runs: AgentToolRunService

    func register(on routes: Routes) {
        routes.handle(API.AgentTools.list) { try await tools.list(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.AgentTools.attach, attach)
        routes.handle(API.AgentTools.detach, detach)
        routes.handle(API.AgentTools.setApproval, setApproval)
        routes.handle(API.AgentTools.run) {
            try await runs.run($0.path.name, of: $0.path.outer, $0.body?.args, as: $0.scope)
        }
    }

    func attach(_ call: Call<NestedPath<AgentState, Tool>, NoQuery, NoBody>) async throws -> AgentState? {
        let agent = try await tools.attach(call.path.inner, to: call.path.outer, as: call.scope)
        return call.caller.generation == .legacy ? agent : nil
    }

    func setApproval(
        _ call: Call<NamedPath<AgentState>, ToolApproval, ToolApproval?>
    ) async throws -> AgentState? {
        let agent = try await tools.setApproval(
            of: call.path.name, to: call.body?.requiresApproval ?? call.query.requiresApproval, for: call.path.outer,
            as: call.scope)
        return call.caller.generation == .legacy ? agent : nil
    }

    func detach(_ call: Call<NestedPath<AgentState, Tool>, NoQuery, NoBody>) async throws -> AgentState? {
        let agent = try await tools.detach(call.path.inner, from: call.path.outer, as: call.scope)
        return call.caller.generation == .legacy ? agent : nil
    }
}
