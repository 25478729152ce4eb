import HTTPKit
import LettaAPI

struct ServerSettingRoutes: RouteGroup {
    let service: ServerSettingService

    func register(on routes: Routes) {
        routes.handle(API.Settings.retrieve) { _ in try await service.retrieve() }
        routes.handle(API.Settings.update) { try await service.update($0.body, as: $0.scope) }
    }
}
