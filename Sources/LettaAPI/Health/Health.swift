public import JSON

extension API {
    /// Whether the server is there and can serve.
    public enum Health {
        public static let health = Endpoint<NoPath, NoQuery, NoBody, HealthStatus>(
            .get, "/v1/health/", "Says that the server is up.")
        public static let ready = Endpoint<NoPath, NoQuery, NoBody, HealthStatus>(
            .get, "/v1/ready/", "Says that the server can reach its storage.")
    }
}

/// The answer of health and ready.
public struct HealthStatus: Codable, Sendable, JSONWritable {
    /// The level of the API that is spoken, which clients compare: not the version of this server.
    public var version: String
    public var status: String
    /// The program that answers, `letta-swift`.
    public var server: String
    public var serverVersion: String
    /// The servers that share the database, in the answer of `ready`; nil where this server alone uses it.
    public var servers: [ServerStatus]?

    public init(version: String, status: String, server: String, serverVersion: String) {
        self.version = version
        self.status = status
        self.server = server
        self.serverVersion = serverVersion
    }
}

/// One of several servers on a database, and what it holds.
public struct ServerStatus: Codable, Sendable, JSONWritable {
    public var id: String
    public var address: String
    public var version: String
    public var startedAt: Timestamp
    /// Milliseconds since it said that it lives.
    public var silenceMs: Int
    /// The turns that it runs.
    public var turns: Int
    /// Whether it does the work that no request asks for.
    public var leads: Bool

    public init(
        id: String, address: String, version: String, startedAt: Timestamp, silenceMs: Int, turns: Int, leads: Bool
    ) {
        self.id = id
        self.address = address
        self.version = version
        self.startedAt = startedAt
        self.silenceMs = silenceMs
        self.turns = turns
        self.leads = leads
    }
}
