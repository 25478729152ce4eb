import LettaAPI
import Storage

/// The rules of organizations and users.
///
/// The default organization administers all of them. A user of another one sees that one and its users only, so that
/// nothing of an organization exists for another.
struct AccountService: Sendable {
    let core: Core
    let providers: UserProviders

    /// The organization in which the user of a request acts; nil for an unknown user, who acts as the default one.
    ///
    /// - Parameter requiresKnown: whether an unknown user is rejected. With a password, requests are trusted to name
    ///   users, and a misspelled id must not open the default organization.
    /// - Throws: `APIError` 404 for a deleted user.
    func organization(ofActing user: String, requiresKnown: Bool) async throws -> String? {
        try await core.storage.read { db in
            if let organization = try AccountStore.organization(of: user, db) { return organization }
            let isRejected = try requiresKnown || AccountStore.wasDeleted(user, db)
            guard !isRejected else { throw APIError.notFound("User", ID<User>(user)) }
            return nil
        }
    }

    /// Seeds the base tools of all organizations.
    static func seedTools(ids: IDSource, at time: Timestamp, _ db: any SQLExecutor) throws {
        var last = ""
        while let organization = try AccountStore.organization(after: last, db) {
            let scope = Scope(organization: organization, user: User.defaultID.rawValue)
            try BaseToolService.seed(ids: ids, at: time, Transaction(db, as: scope))
            last = organization
        }
    }

    // MARK: Organizations

    func organizations(_ query: ListAccounts, as scope: Scope) async throws -> Page<Organization> {
        try await core.storage.read(as: scope) { db in
            try AccountStore.organizations(query, only: scope.visibleOrganization, db)
        }
    }

    func create(_ body: CreateOrganization, as scope: Scope) async throws -> Organization {
        try KeyText.check("name", body.name)
        try Self.requireAdministrator(scope, "create organizations")
        let time = core.now()
        let id = core.ids.next(Organization.self)
        var organization = Organization(id: id, name: body.name ?? id.rawValue, createdAt: time)
        organization.privilegedTools = body.privilegedTools ?? false
        return try await core.storage.write(as: scope) { [core, organization] db in
            try AccountStore.insert(organization, db)
            let inside = Scope(organization: id.rawValue, user: scope.user)
            try BaseToolService.seed(ids: core.ids, at: time, Transaction(db, as: inside))
            return organization
        }
    }

    func update(
        _ id: ID<Organization>, applying change: UpdateOrganization, as scope: Scope
    ) async throws -> Organization {
        try KeyText.check("name", change.name.value)
        return try await core.storage.write(as: scope) { db in
            var organization = try Self.organization(id, db)
            change.name.apply(to: &organization.name)
            if let isPrivileged = change.privilegedTools.value, isPrivileged != organization.privilegedTools {
                try Self.requireAdministrator(scope, "change privileged_tools")
                organization.privilegedTools = isPrivileged
            }
            try AccountStore.update(organization, db)
            return organization
        }
    }

    func delete(_ id: ID<Organization>, as scope: Scope) async throws -> Organization {
        let deleted = try await core.storage.write(as: scope) { db in
            let organization = try Self.organization(id, db)
            guard id != Organization.defaultID else {
                throw APIError.conflict("Organization \(id) is the default one and can't be deleted.")
            }
            try Self.requireAdministrator(scope, "delete organizations")
            try AccountStore.delete(id, db)
            return organization
        }
        await providers.remove(of: id)
        return deleted
    }

    // MARK: Users

    func users(_ query: ListAccounts, as scope: Scope) async throws -> Page<User> {
        try await core.storage.read(as: scope) { db in
            try AccountStore.users(query, of: scope.visibleOrganization, db)
        }
    }

    func create(_ body: CreateUser, as scope: Scope) async throws -> User {
        try KeyText.check("name", body.name)
        let user = User(
            id: core.ids.next(), organizationID: body.organizationID, name: body.name, createdAt: core.now())
        return try await core.storage.write(as: scope) { db in
            _ = try Self.organization(body.organizationID, db)
            try AccountStore.insert(user, db)
            return user
        }
    }

    func update(_ change: UpdateUser, as scope: Scope) async throws -> User {
        try KeyText.check("name", change.name.value)
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            var user = try Self.user(change.id, db)
            change.name.apply(to: &user.name)
            if let organization = change.organizationID.value, organization != user.organizationID {
                guard user.id != User.defaultID else {
                    throw APIError.conflict("User \(user.id) is the default one and can't change the organization.")
                }
                user.organizationID = try Self.organization(organization, db).id
            }
            user.updatedAt = max(time, user.updatedAt)
            try AccountStore.update(user, db)
            return user
        }
    }

    func delete(_ id: ID<User>, as scope: Scope) async throws -> User {
        try await core.storage.write(as: scope) { db in
            var user = try Self.user(id, db)
            guard id != User.defaultID else {
                throw APIError.conflict("User \(id) is the default one and can't be deleted.")
            }
            try AccountStore.delete(id, db)
            user.isDeleted = true
            return user
        }
    }

    // MARK: Rules

    private static func organization(_ id: ID<Organization>, _ db: Transaction) throws -> Organization {
        guard db.scope.sees(id), let organization = try AccountStore.organization(id, db) else {
            throw APIError.notFound("Organization", id)
        }
        return organization
    }

    private static func user(_ id: ID<User>, _ db: Transaction) throws -> User {
        guard let user = try AccountStore.user(id, db), db.scope.sees(user.organizationID) else {
            throw APIError.notFound("User", id)
        }
        return user
    }

    private static func requireAdministrator(_ scope: Scope, _ action: String) throws {
        guard scope.visibleOrganization == nil else {
            throw APIError(403, "Only users of the default organization may \(action).")
        }
    }
}

extension Scope {
    /// The organization beyond which accounts are invisible; nil for the default one, which sees all.
    fileprivate var visibleOrganization: String? {
        organization == Organization.defaultID.rawValue ? nil : organization
    }

    fileprivate func sees(_ id: ID<Organization>) -> Bool {
        visibleOrganization == nil || visibleOrganization == id.rawValue
    }
}
