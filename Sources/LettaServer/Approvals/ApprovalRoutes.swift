import HTTPKit
import LettaAPI

struct ApprovalRoutes: RouteGroup {
    let approvals: ApprovalService

    func register(on routes: Routes) {
        routes.handle(API.Approvals.list) { try await approvals.list($0.query, as: $0.scope) }
    }
}
