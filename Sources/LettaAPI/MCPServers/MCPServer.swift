public import JSON

/// A server of tools that speaks the Model Context Protocol. Secrets in it are masked.
public struct MCPServer: ListedResource, Codable, Sendable {
    public static let idPrefix = "mcp_server"

    public var id: ID<MCPServer>
    /// Unique in an organization.
    public var serverName: String
    public var mcpServerType: String
    public var settings: MCPServerSettings
    /// Why it could not be used the last time; nil when it could, or was not used yet.
    public var lastError: String?

    public init(
        id: ID<MCPServer>, serverName: String, mcpServerType: String, settings: MCPServerSettings, lastError: String?
    ) {
        self.id = id
        self.serverName = serverName
        self.mcpServerType = mcpServerType
        self.settings = settings
        self.lastError = lastError
    }
}

extension MCPServer: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("server_name", serverName)
            $0.field("mcp_server_type", mcpServerType)
            settings.write(of: mcpServerType, to: &$0)
            $0.field("last_error", lastError)
        }
    }
}

/// A server as the first generation of clients knows it: by its name.
public struct NamedMCPServer: Codable, Sendable {
    public var serverName: String
    public var type: String
    public var settings: MCPServerSettings
    /// Why it could not be used the last time; nil when it could, or was not used yet.
    public var lastError: String?

    public init(_ server: MCPServer) {
        serverName = server.serverName
        type = server.mcpServerType
        settings = server.settings
        lastError = server.lastError
    }
}

extension NamedMCPServer: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("server_name", serverName)
            $0.field("type", type)
            settings.write(of: type, to: &$0)
            $0.field("last_error", lastError)
        }
    }
}

public enum MCPServerType: String, Codable, Sendable, CaseIterable, JSONWritable {
    case stdio, sse
    case streamableHTTP = "streamable_http"
}

/// How a server is reached: the command of a local one, the address of a remote one.
public struct MCPServerSettings: Codable, Sendable, JSONFlattened {
    public var command: String?
    public var args: [String]?
    public var env: [String: String]?
    public var serverURL: String?
    /// The header that has the token.
    public var authHeader: String?
    public var authToken: String?
    public var customHeaders: [String: String]?

    public init() {}

    /// Writes the members that servers of the type have.
    fileprivate func write(of type: String, to writer: inout JSONWriter) {
        if type == MCPServerType.stdio.rawValue {
            writer.field("command", command)
            writer.field("args", args)
            writer.field("env", env)
        } else {
            writer.field("server_url", serverURL)
            writer.field("auth_header", authHeader)
            writer.field("auth_token", authToken)
            writer.field("custom_headers", customHeaders)
        }
    }
}

// MARK: Bodies

/// What a request says about a server's settings. In `env`, `auth_token` and `custom_headers` the mask `********` stands
/// for the stored value.
public struct MCPServerChange: Codable, Sendable, JSONFlattened {
    public var command: Patch<String> = .keep
    public var args: Patch<[String]> = .keep
    public var env: Patch<[String: String]> = .keep
    public var serverURL: Patch<String> = .keep
    public var authHeader: Patch<String> = .keep
    public var authToken: Patch<String> = .keep
    public var customHeaders: Patch<[String: String]> = .keep

    public init() {}
}

public struct CreateMCPServer: Codable, Sendable {
    public struct Config: Codable, Sendable {
        public var mcpServerType: MCPServerType
        public var settings = MCPServerChange()
    }

    public var serverName: String
    public var config: Config

    public init(serverName: String, type: MCPServerType, settings: MCPServerChange) {
        self.serverName = serverName
        config = Config(mcpServerType: type, settings: settings)
    }
}

public struct UpdateMCPServer: Codable, Sendable {
    public struct Config: Codable, Sendable {
        /// Left out: the stored type.
        public var mcpServerType: MCPServerType?
        public var settings = MCPServerChange()
    }

    public var serverName: Patch<String> = .keep
    public var config: Patch<Config> = .keep

    public init() {}
}

/// A new server, or the new settings of the one with the same name.
public struct PutMCPServer: Codable, Sendable {
    public var serverName: String
    /// Left out: `stdio` with a command, `sse` otherwise.
    public var type: MCPServerType?
    public var settings = MCPServerChange()

    public init(serverName: String) {
        self.serverName = serverName
    }
}

public struct UpdateNamedMCPServer: Codable, Sendable {
    public var serverName: Patch<String> = .keep
    /// The command of a `stdio` server.
    public var stdioConfig: Patch<MCPServerChange> = .keep
    /// A bearer token: a short form of `auth_header` and `auth_token`.
    public var token: Patch<String> = .keep
    public var settings = MCPServerChange()

    public init() {}
}

/// Pages through MCP servers or their tools.
public struct ListMCPServers: PageQuery {
    public var before: String?
    public var after: String?
    /// Left out: all.
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

extension API {
    public enum MCPServers {
        public static let list = Endpoint<NoPath, ListMCPServers, NoBody, [MCPServer]>(
            .get, "/v1/mcp-servers/", "Lists MCP servers, oldest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateMCPServer, MCPServer>(
            .post, "/v1/mcp-servers/", "Creates an MCP server without connecting to it.")
        public static let retrieve = Endpoint<ID<MCPServer>, NoQuery, NoBody, MCPServer>(
            .get, "/v1/mcp-servers/{mcp_server_id}", "Retrieves an MCP server.")
        public static let update = Endpoint<ID<MCPServer>, NoQuery, UpdateMCPServer, MCPServer>(
            .patch, "/v1/mcp-servers/{mcp_server_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<MCPServer>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/mcp-servers/{mcp_server_id}", "Deletes an MCP server with its tools.", status: 204)
        public static let tools = Endpoint<ID<MCPServer>, ListMCPServers, NoBody, [Tool]>(
            .get, "/v1/mcp-servers/{mcp_server_id}/tools", "Lists the stored tools of an MCP server, oldest first.")
        public static let tool = Endpoint<NestedPath<MCPServer, Tool>, NoQuery, NoBody, Tool>(
            .get, "/v1/mcp-servers/{mcp_server_id}/tools/{tool_id}", "Retrieves a stored tool of an MCP server.")
        public static let listNamed = Endpoint<NoPath, NoQuery, NoBody, [String: NamedMCPServer]>(
            .get, "/v1/tools/mcp/servers", "Lists MCP servers by their names.", aliases: ["/v1/tools/mcp-servers"])
        public static let put = Endpoint<NoPath, NoQuery, PutMCPServer, [NamedMCPServer]>(
            .put, "/v1/tools/mcp/servers",
            "Creates an MCP server or replaces the one with the same name, without connecting to it. Returns all.",
            aliases: ["/v1/tools/mcp-servers"])
        public static let updateNamed = Endpoint<TextPath, NoQuery, UpdateNamedMCPServer, NamedMCPServer>(
            .patch, "/v1/tools/mcp/servers/{mcp_server_name}", "Changes the fields present in the body.",
            aliases: ["/v1/tools/mcp-servers"])
        public static let deleteNamed = Endpoint<TextPath, NoQuery, NoBody, [NamedMCPServer]>(
            .delete, "/v1/tools/mcp/servers/{mcp_server_name}",
            "Deletes an MCP server with its tools. Returns the others.", aliases: ["/v1/tools/mcp-servers"])
    }
}
