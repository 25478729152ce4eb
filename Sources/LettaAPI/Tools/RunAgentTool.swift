public import JSON

/// The arguments for one call of an agent's tool.
public struct RunAgentTool: Codable, Sendable {
    public var args: ObjectDocument?

    public init(_ args: JSONObject) {
        self.args = ObjectDocument(args)
    }
}

/// What came of a call that a client made in the name of an agent.
public struct ToolExecutionResult: Codable, Sendable, JSONWritable {
    /// `success` or `error`.
    public var status: String
    /// What a user's tool returned, as JSON; a text for a tool of the server's own, and for an error.
    public var funcReturn: RawJSON?
    public private(set) var agentState: RawJSON?
    /// Nil for a tool of the server's own.
    public var stdout: [String]?
    public var stderr: [String]?
    public private(set) var sandboxConfigFingerprint: String?

    public init(status: String, funcReturn: JSONValue) {
        self.status = status
        self.funcReturn = RawJSON(funcReturn)
    }
}
