import HTTPKit
import LettaAPI

struct OverviewRoutes: RouteGroup {
    let overview: OverviewService

    func register(on routes: Routes) {
        routes.handle(API.Overview.retrieve) {
            try await overview.retrieve($0.query, mayAdminister: $0.caller.mayAdminister, as: $0.scope)
        }
    }
}
