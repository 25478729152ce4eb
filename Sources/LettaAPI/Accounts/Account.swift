public import JSON

/// A tenant of the server: what belongs to one organization does not exist for the others.
public struct Organization: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "org"
    /// The organization of requests that name no user. It can't be deleted.
    public static let defaultID = ID<Organization>("org-00000000-0000-4000-8000-000000000000")

    public var id: ID<Organization>
    public var name: String
    public var createdAt: Timestamp
    /// Stored for clients; the server makes no difference.
    public var privilegedTools = false

    public init(id: ID<Organization>, name: String, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
    }
}

/// Who acts in a request: the header `user_id` names one, and so the organization.
public struct User: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "user"
    /// The user of requests that name none. It can't be deleted.
    public static let defaultID = ID<User>("user-00000000-0000-4000-8000-000000000000")

    public var id: ID<User>
    public var organizationID: ID<Organization>
    public var name: String
    /// Nil for the default user.
    public var createdAt: Timestamp?
    public var updatedAt: Timestamp
    public var isDeleted = false

    public init(id: ID<User>, organizationID: ID<Organization>, name: String, createdAt: Timestamp) {
        self.id = id
        self.organizationID = organizationID
        self.name = name
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

public struct CreateOrganization: Codable, Sendable {
    /// Left out: the id.
    public var name: String?
    public var privilegedTools: Bool?

    public init(name: String? = nil) {
        self.name = name
    }
}

/// The changes a client may make to an organization. A field left out keeps its value.
public struct UpdateOrganization: Codable, Sendable {
    public var name: Patch<String> = .keep
    public var privilegedTools: Patch<Bool> = .keep

    public init() {}
}

public struct CreateUser: Codable, Sendable {
    public var name: String
    public var organizationID: ID<Organization>

    public init(name: String, organizationID: ID<Organization>) {
        self.name = name
        self.organizationID = organizationID
    }
}

/// The changes a client may make to the user `id`. A field left out keeps its value.
public struct UpdateUser: Codable, Sendable {
    public var id: ID<User>
    public var name: Patch<String> = .keep
    public var organizationID: Patch<ID<Organization>> = .keep

    public init(_ id: ID<User>) {
        self.id = id
    }
}

public struct ListAccounts: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// Names an organization in the query.
public struct OrganizationQuery: Codable, Sendable {
    public var orgID: ID<Organization>

    public init(_ id: ID<Organization>) {
        orgID = id
    }
}

/// Names a user in the query.
public struct UserQuery: Codable, Sendable {
    public var userID: ID<User>

    public init(_ id: ID<User>) {
        userID = id
    }
}

extension API {
    /// Organizations and their users.
    public enum Admin {
        public static let organizations = Endpoint<NoPath, ListAccounts, NoBody, [Organization]>(
            .get, "/v1/admin/orgs/", "Lists organizations, oldest first.")
        public static let createOrganization = Endpoint<NoPath, NoQuery, CreateOrganization, Organization>(
            .post, "/v1/admin/orgs/", "Creates an organization with its base tools.")
        public static let updateOrganization = Endpoint<NoPath, OrganizationQuery, UpdateOrganization, Organization>(
            .patch, "/v1/admin/orgs/", "Changes the fields present in the body.")
        public static let deleteOrganization = Endpoint<NoPath, OrganizationQuery, NoBody, Organization>(
            .delete, "/v1/admin/orgs/", "Deletes an organization with its users and everything that belongs to it.")
        public static let users = Endpoint<NoPath, ListAccounts, NoBody, [User]>(
            .get, "/v1/admin/users/", "Lists users, oldest first.")
        public static let createUser = Endpoint<NoPath, NoQuery, CreateUser, User>(
            .post, "/v1/admin/users/", "Creates a user.")
        public static let updateUser = Endpoint<NoPath, NoQuery, UpdateUser, User>(
            .put, "/v1/admin/users/", "Changes the fields present in the body.")
        public static let deleteUser = Endpoint<NoPath, UserQuery, NoBody, User>(
            .delete, "/v1/admin/users/", "Deletes a user. What the user made stays with the organization.")
    }
}
