import HTTPKit
import LettaAPI

struct UsageRoutes: RouteGroup {
    let usage: UsageService

    func register(on routes: Routes) {
        routes.handle(API.Usage.summary) { try await usage.summary($0.query, as: $0.scope) }
        routes.handle(API.Quotas.list) { try await usage.list($0.query, as: $0.scope) }
        routes.handle(API.Quotas.set) { try await usage.set($0.body, as: $0.scope) }
        routes.handle(API.Quotas.retrieve) { try await usage.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Quotas.delete) { try await usage.delete($0.path, as: $0.scope) }
    }
}
