public import JSON

extension API {
    /// Whether a password is the right one.
    public enum Authentication {
        public static let authenticate = Endpoint<NoPath, NoQuery, Credentials, Authenticated>(
            .post, "/v1/auth", "Tells who the caller is when the password is right.")
    }
}

/// The password to check.
public struct Credentials: Codable, Sendable {
    public var password: String?

    public init(password: String?) {
        self.password = password
    }
}

/// Who the caller is.
public struct Authenticated: Codable, Sendable, JSONWritable {
    /// The id of the user, without its prefix.
    public var uuid: String
    public var isAdmin: Bool

    public init(uuid: String, isAdmin: Bool) {
        self.uuid = uuid
        self.isAdmin = isAdmin
    }
}
