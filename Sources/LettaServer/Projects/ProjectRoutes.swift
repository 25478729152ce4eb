import HTTPKit
import LettaAPI

struct ProjectRoutes: RouteGroup {
    let projects: ProjectService

    func register(on routes: Routes) {
        routes.handle(API.Projects.list) { call in
            let (list, next) = try await projects.list(call.query, as: call.scope)
            return Reply(list, headers: call.link(to: next))
        }
    }
}
