import HTTPKit
import LettaAPI

struct AccessTokenRoutes: RouteGroup {
    let tokens: AccessTokenService

    func register(on routes: Routes) {
        routes.handle(API.AccessTokens.list) { call in
            let (list, next) = try await tokens.list(call.query, as: call.scope)
            return Reply(list, headers: PageLink.headers(target: call.target, next: next, as: "offset"))
        }
        routes.handle(API.AccessTokens.create) { try await tokens.create($0.body, as: $0.scope) }
        routes.handle(API.AccessTokens.delete) { try await tokens.delete($0.path.text, as: $0.scope) }
    }
}
