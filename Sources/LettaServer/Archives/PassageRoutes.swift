import HTTPKit
import LettaAPI

struct PassageRoutes: RouteGroup {
    let passages: PassageService

    func register(on routes: Routes) {
        routes.handle(API.Passages.search) { try await passages.search($0.body, as: $0.scope) }
    }
}
