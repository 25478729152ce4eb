import HTTPKit
import LettaAPI

struct GroupRoutes: RouteGroup {
    let groups: GroupService

    func register(on routes: Routes) {
        routes.handle(API.AgentGroups.list, list)
    }

    func list(_ call: Call<ID<AgentState>, ListAgentGroups, NoBody>) async throws -> [Group] {
        try await groups.list(of: call.path, call.query, as: call.caller.scope)
    }
}
