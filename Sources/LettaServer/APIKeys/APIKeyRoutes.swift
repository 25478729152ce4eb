import HTTPKit
import LettaAPI

struct APIKeyRoutes: RouteGroup {
    let keys: APIKeyService

    func register(on routes: Routes) {
        routes.handle(API.APIKeys.list) { try await keys.list($0.query, as: $0.scope) }
        routes.handle(API.APIKeys.create) { try await keys.create($0.body, as: $0.scope) }
        routes.handle(API.APIKeys.retrieve) { try await keys.retrieve($0.path, as: $0.scope) }
        routes.handle(API.APIKeys.update) { try await keys.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.APIKeys.delete) { try await keys.delete($0.path, as: $0.scope) }
    }
}
