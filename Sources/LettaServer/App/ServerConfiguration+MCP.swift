import Configuration
import MCPClient
import ModelProviders

extension ServerConfiguration {
    /// - Throws: `StartUpFailure.invalidSetting` that names the invalid variable.
    func mcpPolicy(_ environment: ConfigReader) throws -> MCPPolicy {
        var policy = MCPPolicy()
        policy.isStdioDisabled = !isBoundToLoopback && http.socket == nil
        if let text = environment.string(forKey: "mcp.disable.stdio"), !text.isEmpty {
            policy.isStdioDisabled = try Self.flag("MCP_DISABLE_STDIO", text)
        }
        if let text = environment.string(forKey: "letta.mcp.stdio.commands") {
            guard let commands = StdioAllowList(text) else {
                throw StartUpFailure.invalidSetting(
                    "LETTA_MCP_STDIO_COMMANDS names a program without its absolute path. Separate commands by semicolons."
                )
            }
            policy.commands = commands
        }
        policy.publicURL = try publicURL(environment.string(forKey: "letta.public.url") ?? "")
        return policy
    }

    private func publicURL(_ given: String) throws -> String {
        guard !given.isEmpty else {
            let host = ["0.0.0.0", "::", "[::]"].contains(http.host) ? "localhost" : http.host
            let shown = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
            return "\(http.tlsCertificate == nil ? "http" : "https")://\(shown):\(http.port)"
        }
        do {
            _ = try EgressAddress(given)
        } catch {
            throw StartUpFailure.invalidSetting(
                "LETTA_PUBLIC_URL is '\(EgressAddress.shown(given))'; it \(error.reason).")
        }
        return given.hasSuffix("/") ? String(given.dropLast()) : given
    }
}
