package import MCPClient

/// What the operator lets MCP servers be.
package struct MCPPolicy: Sendable {
    /// `MCP_DISABLE_STDIO`: whether stdio servers are refused. Left out: unless only this machine can connect.
    package var isStdioDisabled = true
    /// `LETTA_MCP_STDIO_COMMANDS`: the commands that stdio servers may run.
    package var commands = StdioAllowList()
    /// `LETTA_PUBLIC_URL`: how browsers reach this server, without a slash at the end. Left out: the address that it
    /// listens on.
    package var publicURL = ""

    package init() {}

    var commandCount: Int { commands.entries.count }

    /// Where authorization servers send browsers back to.
    var redirectURI: String { "\(publicURL)/v1/tools/mcp/oauth/callback" }
}
