public import JSON

/// What a browser may do with an agent.
public enum AccessRight: String, Codable, Sendable, CaseIterable, JSONWritable {
    case readMessages = "read_messages"
    case writeMessages = "write_messages"
    case readAgent = "read_agent"
    case writeAgent = "write_agent"
}

/// The rights on one agent.
public struct AccessPolicyItem: Codable, Sendable, Hashable, JSONWritable {
    public enum Kind: String, Codable, Sendable, CaseIterable, JSONWritable {
        case agent
    }

    public var type: Kind
    public var id: ID<AgentState>
    public var access: [AccessRight]

    public init(id: ID<AgentState>, access: [AccessRight]) {
        type = .agent
        self.id = id
        self.access = access
    }
}

public struct AccessPolicy: Codable, Sendable, Hashable, JSONWritable {
    public var version: String
    public var data: [AccessPolicyItem]

    public init(_ data: [AccessPolicyItem]) {
        version = "1"
        self.data = data
    }
}

/// A token that a web page may have: it opens some agents alone, until it expires.
public struct AccessToken: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "token"

    /// The token itself in the answer that creates it; its id, without the secret, in lists.
    public var token: String
    public var hostname: String
    public var expiresAt: Timestamp
    public var policy: AccessPolicy

    public init(token: String, hostname: String, expiresAt: Timestamp, policy: AccessPolicy) {
        self.token = token
        self.hostname = hostname
        self.expiresAt = expiresAt
        self.policy = policy
    }

    private enum CodingKeys: String, VerbatimCodingKey {
        case token, hostname, expiresAt, policy
    }
}

public struct CreateAccessToken: Codable, Sendable {
    /// The address of the web page: scheme, host and port.
    public var hostname: String
    public var policy: [AccessPolicyItem]
    /// Left out: in five minutes.
    public var expiresAt: Timestamp?

    public init(hostname: String, policy: [AccessPolicyItem]) {
        self.hostname = hostname
        self.policy = policy
    }
}

public struct ListAccessTokens: Codable, Sendable {
    public var agentID: String?
    /// Left out: 10.
    public var limit: Int?
    public var offset: Int?

    public init() {}

    private enum CodingKeys: String, VerbatimCodingKey {
        case agentID = "agentId"
        case limit, offset
    }
}

public struct AccessTokenList: Codable, Sendable, JSONWritable {
    public var tokens: [AccessToken]
    public var hasNextPage: Bool

    public init(_ tokens: [AccessToken], hasNextPage: Bool) {
        self.tokens = tokens
        self.hasNextPage = hasNextPage
    }

    private enum CodingKeys: String, VerbatimCodingKey {
        case tokens, hasNextPage
    }
}

extension API {
    /// Tokens for web pages.
    public enum AccessTokens {
        public static let list = Endpoint<NoPath, ListAccessTokens, NoBody, AccessTokenList>(
            .get, "/v1/client-side-access-tokens", "Lists the tokens that have not expired, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateAccessToken, AccessToken>(
            .post, "/v1/client-side-access-tokens", "Creates a token for a web page.")
        public static let delete = Endpoint<TextPath, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/client-side-access-tokens/{token}", "Deletes a token, by its id or the token itself.")
    }
}
