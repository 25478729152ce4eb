import HTTPKit
import LettaAPI

struct GroupRoutes: RouteGroup {
    let groups: GroupService

    func register(on routes: Routes) {
        routes.handle(API.AgentGroups.list) { try await groups.list(of: $0.path, $0.query, as: $0.scope) }
    }
}
