public import JSON

/// A tool of an MCP server, both by their names.
public struct MCPToolPath: PathParameters {
    public static let patterns: [CapturePattern] = [.text, .text]
    public var server: String
    public var tool: String
    public var captured: [String] { [server, tool] }

    public init(server: String, tool: String) {
        self.server = server
        self.tool = tool
    }

    public init(captured values: [String]) {
        server = values[0]
        tool = values[1]
    }
}

/// The names of a server and a tool, for a path without them.
public struct MCPToolNames: Codable, Sendable {
    public var mcpServerName: String?
    public var mcpToolName: String?

    public init() {}
}

/// The arguments of a call.
public struct RunMCPTool: Codable, Sendable {
    public var args: ObjectDocument?

    public init(args: JSONObject = [:]) {
        self.args = ObjectDocument(args)
    }
}

/// The agent whose environment variables fill in the templates of a server's headers.
public struct ResyncMCPServer: Codable, Sendable {
    public var agentID: String?

    public init() {}
}

/// What a server of authorization sends a browser back with.
public struct MCPAuthorizationAnswer: Codable, Sendable {
    public var code: String?
    public var state: String?
    public var error: String?
    public var errorDescription: String?

    public init() {}
}

/// The tools that a refresh changed, by their names.
public struct MCPToolChanges: Codable, Sendable, JSONWritable {
    public var deleted: [String] = []
    public var updated: [String] = []
    public var added: [String] = []

    public init() {}
}

/// What came of a call, for those who run a tool by hand.
public struct MCPToolResult: Codable, Sendable, JSONWritable {
    public var status: String
    public var funcReturn: RawJSON?
    public var agentState: RawJSON?
    public var stdout: [String]?
    public var stderr: [String]?
    public var sandboxConfigFingerprint: String?

    public init(succeeded: Bool, result: JSONValue) {
        status = succeeded ? "success" : "error"
        funcReturn = RawJSON(result)
        if !succeeded, let text = result.string { stderr = [text] }
    }
}

/// What came of a call, for the first generation of clients.
public struct MCPExecution: Codable, Sendable, JSONWritable {
    public var result: RawJSON
    public var success: Bool

    public init(succeeded: Bool, result: JSONValue) {
        self.result = RawJSON(result)
        success = succeeded
    }
}

/// A server that answered, with its tools.
public struct MCPServerTest: Codable, Sendable, JSONWritable {
    public var status = "success"
    public var tools: RawJSON

    public init(tools: JSONValue) {
        self.tools = RawJSON(tools)
    }
}

extension API.MCPServers {
    public static let run = Endpoint<NestedPath<MCPServer, Tool>, NoQuery, RunMCPTool?, MCPToolResult>(
        .post, "/v1/mcp-servers/{mcp_server_id}/tools/{tool_id}/run", "Calls a tool of an MCP server.")
    public static let refresh = Endpoint<ID<MCPServer>, ResyncMCPServer, NoBody, MCPToolChanges>(
        .patch, "/v1/mcp-servers/{mcp_server_id}/refresh",
        "Asks an MCP server for its tools and stores them: new ones, changed ones, and none that are gone.")
    public static let connect = Endpoint<ID<MCPServer>, NoQuery, NoBody, RawJSON>(
        .get, "/v1/mcp-servers/connect/{mcp_server_id}",
        "Connects to an MCP server, with authorization where it is wanted. Streams the states.")
    public static let callback = Endpoint<NoPath, MCPAuthorizationAnswer, NoBody, RawJSON>(
        .get, "/v1/tools/mcp/oauth/callback", "Takes the answer of an authorization server from the user's browser.")

    // By name, for the first generation of clients.

    public static let toolsNamed = Endpoint<TextPath, NoQuery, NoBody, RawJSON>(
        .get, "/v1/tools/mcp/servers/{mcp_server_name}/tools", "Asks an MCP server for its tools.")
    public static let addTool = Endpoint<MCPToolPath, NoQuery, MCPToolNames?, Tool>(
        .post, "/v1/tools/mcp/servers/{mcp_server_name}/{mcp_tool_name}",
        "Stores a tool of an MCP server, so that agents can have it.")
    public static let resync = Endpoint<TextPath, ResyncMCPServer, NoBody, MCPToolChanges>(
        .post, "/v1/tools/mcp/servers/{mcp_server_name}/resync",
        "Asks an MCP server for its tools and stores them: new ones, changed ones, and none that are gone.")
    public static let execute = Endpoint<MCPToolPath, NoQuery, RunMCPTool?, MCPExecution>(
        .post, "/v1/tools/mcp/servers/{mcp_server_name}/tools/{tool_name}/execute", "Calls a tool of an MCP server.")
    public static let test = Endpoint<NoPath, NoQuery, PutMCPServer, MCPServerTest>(
        .post, "/v1/tools/mcp/servers/test", "Asks an MCP server that is not stored for its tools.")
    public static let connectNamed = Endpoint<NoPath, NoQuery, PutMCPServer, RawJSON>(
        .post, "/v1/tools/mcp/servers/connect",
        "Connects to an MCP server, stored or not, with authorization where it is wanted. Streams the states.")
}
