import Storage

extension Migration {
    /// Sandbox settings and MCP servers.
    static let toolSettings = Migration(number: 14, name: "tool_settings") { _ in
        []
    }
}
