import Storage

extension Migration {
    /// Tools and tokens of MCP servers.
    static let mcpSessions = Migration(number: 23, name: "mcpSessions") { _ in [] }
}
