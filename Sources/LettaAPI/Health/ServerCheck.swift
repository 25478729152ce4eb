public import JSON

/// One part of the server that was looked at: how it is, what was seen, and what to do.
public struct ServerCheck: Codable, Sendable, Hashable, JSONWritable {
    /// In the order of the results.
    public enum Kind: String, Codable, Sendable, CaseIterable, JSONWritable {
        case database, disk, sandbox
        case localModel = "local_model"
        case provider
        case mcpServer = "mcp_server"
        case backup
        /// Those whose last run has failed.
        case agents
    }

    public enum State: String, Codable, Sendable, CaseIterable, JSONWritable {
        case ok, warning, failed
    }

    public var kind: Kind
    /// The name of the provider or the MCP server; nil for what there is one of.
    public var name: String?
    public var state: State
    /// In words.
    public var seen: String
    /// When that was which was seen, if not just now: when the last copy was made, or a provider listed its models.
    public var seenAt: Timestamp?
    /// In words; nil where nothing is to be done.
    public var remedy: String?

    public init(
        _ kind: Kind, named name: String? = nil, _ state: State, _ seen: String, at time: Timestamp? = nil,
        remedy: String? = nil
    ) {
        self.kind = kind
        self.name = name
        self.state = state
        self.seen = seen
        seenAt = time
        self.remedy = remedy
    }
}

extension API.Health {
    public static let checks = Endpoint<NoPath, NoQuery, NoBody, [ServerCheck]>(
        .get, "/v1/server/checks", "Tells how each part of the server is, without calling anybody.")
    public static let check = Endpoint<NoPath, NoQuery, NoBody, [ServerCheck]>(
        .post, "/v1/server/checks", "Asks all providers for their models, then tells how each part of the server is.")
}
