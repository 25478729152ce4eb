import HTTPKit
import LettaAPI

struct IdentityRoutes: RouteGroup {
    let identities: IdentityService

    func register(on routes: Routes) {
        routes.handle(API.Identities.list) { try await identities.list($0.query, as: $0.scope) }
        routes.handle(API.Identities.create) { try await identities.create($0.body, as: $0.scope) }
        routes.handle(API.Identities.upsert) { try await identities.upsert($0.body, as: $0.scope) }
        routes.handle(API.Identities.count) { try await identities.count(as: $0.scope) }
        routes.handle(API.Identities.retrieve) { try await identities.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Identities.update) { try await identities.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Identities.delete) { try await identities.delete($0.path, as: $0.scope) }
        routes.handle(API.Identities.setProperties) {
            try await identities.set($0.body, of: $0.path, as: $0.scope)
        }
        routes.handle(API.Identities.agents) { try await identities.agents(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Identities.blocks) { try await identities.blocks(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Identities.attachToAgent) {
            try await identities.attach($0.path.inner, to: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.Identities.detachFromAgent) {
            try await identities.detach($0.path.inner, from: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.Identities.attachToBlock) {
            try await identities.attach($0.path.inner, to: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.Identities.detachFromBlock) {
            try await identities.detach($0.path.inner, from: $0.path.outer, as: $0.scope)
        }
    }
}
