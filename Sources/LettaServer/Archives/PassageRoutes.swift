import HTTPKit
import LettaAPI

struct PassageRoutes: RouteGroup {
    let passages: PassageService

    func register(on routes: Routes) {
        routes.handle(API.Passages.search) { try await passages.search($0.body, as: $0.scope) }
        // In gigabytes, the default of the header `storage-unit`.
        routes.handle(API.Embeddings.totalStorageSize) {
            Double(try await passages.vectorBytes(as: $0.scope)) / 1_073_741_824
        }
    }
}
