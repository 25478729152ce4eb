import JSON
import LettaAPI
import MCPClient
import Storage

/// Table `mcp_server_tool`: which server a tool is of, and what the server calls it.
struct MCPToolLink: Codable, Sendable {
    var toolID: ID<Tool>
    var mcpServerID: ID<MCPServer>
    var remoteName: String
}

/// The stored tools of MCP servers.
enum MCPToolStore {
    private static let links = Table<MCPToolLink>("mcp_server_tool")
    private static let remoteName: SQLText = "COALESCE(mcp_server_tool.remote_name, tool.name) AS remote_name"

    /// The stored tools of a server by the names that it gives them.
    static func tools(of server: ID<MCPServer>, _ db: Transaction) throws -> [String: Stored<Tool>] {
        let rows = try db.rows(
            """
            SELECT \(ToolStore.table.columns), \(remoteName) FROM mcp_server_tool
            JOIN tool ON tool.organization_id = mcp_server_tool.organization_id AND tool.id = mcp_server_tool.tool_id
            WHERE mcp_server_tool.organization_id = \(db.organization) AND mcp_server_tool.mcp_server_id = \(server)
                AND tool.tool_type = \(ToolService.mcp)
            """)
        var tools: [String: Stored<Tool>] = [:]
        for row in rows { tools[try row["remote_name"]] = try ToolStore.table.row(row) }
        return tools
    }

    /// The server that runs the tool with a name, and what it calls the tool; nil for a tool of no server.
    static func origin(
        ofToolNamed name: String, _ db: Transaction
    ) throws -> (server: MCPServerRow, remoteName: String)? {
        let row = try db.row(
            """
            SELECT \(MCPServerStore.table.columns), \(remoteName) FROM tool
            JOIN mcp_server_tool ON mcp_server_tool.organization_id = tool.organization_id
                AND mcp_server_tool.tool_id = tool.id
            JOIN mcp_server ON mcp_server.organization_id = tool.organization_id
                AND mcp_server.id = mcp_server_tool.mcp_server_id
            WHERE tool.organization_id = \(db.organization) AND tool.name = \(name)
                AND tool.tool_type = \(ToolService.mcp)
            """)
        return try row.map { (try MCPServerStore.table.row($0), try $0["remote_name"]) }
    }

    static func takenNames(among names: [String], _ db: Transaction) throws -> Set<String> {
        Set(
            try names.inStatements { names in
                try db.rows(
                    "SELECT name FROM tool WHERE organization_id = \(db.organization) AND name IN (\(list: names))"
                ).map { row -> String in try row["name"] }
            })
    }

    static func insert(_ tools: [(tool: Stored<Tool>, remoteName: String)], of server: ID<MCPServer>, _ db: Transaction)
        throws
    {
        try db.insert(tools.map(\.tool), into: ToolStore.table)
        try db.insert(
            tools.map { MCPToolLink(toolID: $0.tool.wire.id, mcpServerID: server, remoteName: $0.remoteName) },
            into: links)
    }

    /// Deletes tools, and takes them from their agents.
    static func delete(_ tools: [ID<Tool>], _ db: Transaction) throws {
        for tools in tools.chunks() {
            try DeletedKeyStore.note(in: ToolStore.table, where: "id IN (\(list: tools))", db)
            try db.execute("DELETE FROM tool WHERE organization_id = \(db.organization) AND id IN (\(list: tools))")
        }
    }
}
