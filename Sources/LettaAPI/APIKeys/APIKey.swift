public import JSON

/// What a key allows. Each scope stands for itself, but for `admin`, which includes the others.
public enum KeyScope: String, Codable, Sendable, CaseIterable, JSONWritable {
    case read, write, admin
    /// Running tools by hand, and bringing code that tools run.
    case toolsRun = "tools:run"
}

/// A key for a person or a program, which it sends in the place of the password.
public struct APIKey: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "key"

    public var id: ID<APIKey>
    public var name: String
    public var scopes: [KeyScope]
    /// In whose name the requests act.
    public var userID: ID<User>
    /// Nil: never.
    public var expiresAt: Timestamp?
    /// When a request last came with it, within a minute. Nil: none has.
    public var lastUsedAt: Timestamp?
    public var createdByID: String
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: ID<APIKey>, name: String, scopes: [KeyScope], userID: ID<User>, createdByID: String, at time: Timestamp
    ) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.userID = userID
        self.createdByID = createdByID
        createdAt = time
        updatedAt = time
    }
}

/// A key that was just created, with its text, which is shown this once.
public struct NewAPIKey: Codable, Sendable, JSONWritable {
    public var key: String
    public var details: APIKey

    public init(key: String, details: APIKey) {
        self.key = key
        self.details = details
    }

    private enum CodingKeys: String, CodingKey {
        case key
    }

    public init(from decoder: any Decoder) throws {
        key = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .key)
        details = try APIKey(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try details.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key, forKey: .key)
    }
}

public struct CreateAPIKey: Codable, Sendable {
    public var name: String
    /// Left out: `read` and `write`.
    public var scopes: [KeyScope]?
    /// In whose name the key acts. Left out: a new user with the name of the key.
    public var userID: ID<User>?
    /// Left out: it never expires.
    public var expiresAt: Timestamp?

    public init(name: String) {
        self.name = name
    }
}

/// A change of a key. Its text and the user in whose name it acts stay.
public struct UpdateAPIKey: Codable, Sendable {
    public var name: Patch<String> = .keep
    public var scopes: Patch<[KeyScope]> = .keep
    public var expiresAt: Patch<Timestamp> = .keep

    public init() {}
}

public struct ListAPIKeys: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

extension API {
    /// Keys for people and programs.
    public enum APIKeys {
        public static let list = Endpoint<NoPath, ListAPIKeys, NoBody, [APIKey]>(
            .get, "/v1/api-keys/", "Lists the keys, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateAPIKey, NewAPIKey>(
            .post, "/v1/api-keys/", "Creates a key, which is shown this once.")
        public static let retrieve = Endpoint<ID<APIKey>, NoQuery, NoBody, APIKey>(
            .get, "/v1/api-keys/{key_id}", "Retrieves a key, without its text.")
        public static let update = Endpoint<ID<APIKey>, NoQuery, UpdateAPIKey, APIKey>(
            .patch, "/v1/api-keys/{key_id}", "Changes the fields present in the body, from the next request on.")
        public static let delete = Endpoint<ID<APIKey>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/api-keys/{key_id}", "Deletes a key; requests with it are refused from then on.")
    }
}
