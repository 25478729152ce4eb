import HTTPKit
import LettaAPI

struct HealthRoutes: RouteGroup {
    let health: HealthService
    let authentication: AuthenticationService
    let checks: CheckService

    func register(on routes: Routes) {
        routes.handle(API.Health.health) { _ in HealthService.status }
        routes.handle(API.Health.ready) { _ in try await health.ready() }
        routes.handle(API.Health.checks) { await checks.checks(as: $0.scope) }
        routes.handle(API.Health.check) { try await checks.checkAnew(as: $0.scope) }
        routes.handle(API.Authentication.authenticate) { call in
            try authentication.authenticate(call.body, as: call.scope)
        }
    }
}
