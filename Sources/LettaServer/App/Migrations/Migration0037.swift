import Storage

extension Migration {
    /// Why MCP servers could not be used the last time.
    static let mcpFailures = Migration(number: 37, name: "mcp_failures") { _ in
        ["ALTER TABLE mcp_server ADD COLUMN last_error TEXT"]
    }
}
