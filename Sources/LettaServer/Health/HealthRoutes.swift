import HTTPKit
import LettaAPI

struct HealthRoutes: RouteGroup {
    let health: HealthService

    func register(on routes: Routes) {
        routes.handle(API.Health.health) { _ in HealthService.status }
        routes.handle(API.Health.ready) { _ in try await health.ready() }
    }
}
