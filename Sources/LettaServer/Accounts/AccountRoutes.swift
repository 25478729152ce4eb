import HTTPKit
import LettaAPI

struct AccountRoutes: RouteGroup {
    let accounts: AccountService

    func register(on routes: Routes) {
        routes.handle(API.Admin.organizations) { try await accounts.organizations($0.query, as: $0.scope) }
        routes.handle(API.Admin.createOrganization) { try await accounts.create($0.body, as: $0.scope) }
        routes.handle(API.Admin.updateOrganization) {
            try await accounts.update($0.query.orgID, applying: $0.body, as: $0.scope)
        }
        routes.handle(API.Admin.deleteOrganization) { try await accounts.delete($0.query.orgID, as: $0.scope) }
        routes.handle(API.Admin.users) { try await accounts.users($0.query, as: $0.scope) }
        routes.handle(API.Admin.createUser) { try await accounts.create($0.body, as: $0.scope) }
        routes.handle(API.Admin.updateUser) { try await accounts.update($0.body, as: $0.scope) }
        routes.handle(API.Admin.deleteUser) { try await accounts.delete($0.query.userID, as: $0.scope) }
    }
}
