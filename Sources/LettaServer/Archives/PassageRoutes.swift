import HTTPKit
import LettaAPI

struct PassageRoutes: RouteGroup {
    let passages: PassageService

    func register(on routes: Routes) {
        routes.handle(API.Passages.search) { try await passages.search($0.body, as: $0.scope) }
        // Passages have no vectors: whatever the unit in the header `storage-unit`, they take nothing.
        routes.handle(API.Embeddings.totalStorageSize) { _ in 0 }
    }
}
