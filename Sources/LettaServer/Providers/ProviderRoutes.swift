import HTTPKit
import LettaAPI

struct ProviderRoutes: RouteGroup {
    let providers: ProviderService

    func register(on routes: Routes) {
        routes.handle(API.Providers.list) { try await providers.list($0.query, as: $0.scope) }
        routes.handle(API.Providers.create) { try await providers.create($0.body, as: $0.scope) }
        routes.handle(API.Providers.check) { try await providers.check($0.body) }
        routes.handle(API.Providers.retrieve) { try await providers.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Providers.update) { try await providers.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Providers.delete) { try await providers.delete($0.path, as: $0.scope) }
        routes.handle(API.Providers.checkExisting) { try await providers.check($0.path, as: $0.scope) }
        routes.handle(API.Providers.refresh) { try await providers.refresh($0.path, as: $0.scope) }
    }
}
