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

    public init(version: String, status: String, server: String, serverVersion: String) {
        self.version = version
        self.status = status
        self.server = server
        self.serverVersion = serverVersion
    }
}
