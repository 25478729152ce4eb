import JSON
import LettaAPI
import Logging
import Storage

/// A row of table `mcp_server`. Secrets are encrypted one by one, so that a list shows their names without decrypting.
struct MCPServerRow: Codable, Sendable, Equatable {
    var id: ID<MCPServer>
    var serverName: String
    var serverType: String
    var command: String?
    var args: RawJSON?
    /// Names with encrypted values.
    var sealedEnv: RawJSON?
    var serverURL: String?
    var authHeader: String?
    var sealedAuthToken: String?
    /// Names with encrypted values.
    var sealedCustomHeaders: RawJSON?
    /// Why it could not be used the last time; nil when it could.
    var lastError: String?
    var createdByID: String?
    var lastUpdatedByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    /// What a secret is encrypted for; it decrypts nowhere else.
    func place(of secret: String) -> String { "mcp_server/\(id)/\(secret)" }

    /// The server with masked secrets. A column that can't be read is shown as null: no row makes a list fail.
    var wire: MCPServer {
        var settings = MCPServerSettings()
        settings.command = command
        settings.args = (try? args?.value())?.array?.compactMap(\.string)
        settings.env = Self.values(sealedEnv)?.mapValues { _ in SealedSecret.mask }
        settings.serverURL = serverURL
        settings.authHeader = authHeader
        settings.authToken = sealedAuthToken.map { _ in SealedSecret.mask }
        settings.customHeaders = Self.values(sealedCustomHeaders)?.mapValues { _ in SealedSecret.mask }
        return MCPServer(
            id: id, serverName: serverName, mcpServerType: serverType, settings: settings, lastError: lastError)
    }

    /// The encrypted values by their names; nil where there are none or they can't be read.
    static func values(_ json: RawJSON?) -> [String: String]? {
        guard let object = (try? json?.value())?.object else { return nil }
        return Dictionary(object.map { ($0.key, $0.value.string ?? "") }) { $1 }
    }
}

/// Tables `mcp_server` and `mcp_server_tool`.
enum MCPServerStore {
    static let table = Table<MCPServerRow>("mcp_server")

    static func page(_ query: ListMCPServers, _ db: Transaction) throws -> Page<MCPServerRow> {
        try db.page(table, query, defaultLimit: 0, order: .oldestFirst)
    }

    static func find(_ name: String, locking: Bool = true, _ db: Transaction) throws -> MCPServerRow? {
        try db.fetchAll(table, where: "server_name = \(name)", locking: locking).first
    }

    /// Says why a server could not be used, or nil: that it could. Nothing is written when that is known.
    static func setLastError(_ error: String?, of id: ID<MCPServer>, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE mcp_server SET last_error = \(error)
            WHERE organization_id = \(db.organization) AND id = \(id)
                AND COALESCE(last_error, '') <> COALESCE(\(error), '')
            """)
    }

    /// Deletes a server with its tools, which nothing could run any more.
    static func delete(_ id: ID<MCPServer>, _ db: Transaction) throws {
        let tools: SQLText = "\(tools(of: id, db)) AND tool_type = \(ToolService.mcp)"
        try DeletedKeyStore.note(in: ToolStore.table, where: tools, db)
        try db.execute("DELETE FROM tool WHERE organization_id = \(db.organization) AND \(tools)")
        try db.delete(id, from: table)
    }

    // MARK: Tools

    static func page(
        ofTools server: ID<MCPServer>, _ query: ListMCPServers, _ db: Transaction
    ) throws -> Page<Tool> {
        try db.page(ToolStore.table, query, defaultLimit: 0, order: .oldestFirst, where: [tools(of: server, db)])
            .map(\.wire)
    }

    static func tool(_ id: ID<Tool>, of server: ID<MCPServer>, _ db: Transaction) throws -> Tool? {
        try db.fetchAll(ToolStore.table, where: "id = \(id) AND \(tools(of: server, db))").first?.wire
    }

    private static func tools(of server: ID<MCPServer>, _ db: Transaction) -> SQLText {
        """
        id IN (SELECT tool_id FROM mcp_server_tool
               WHERE organization_id = \(db.organization) AND mcp_server_id = \(server))
        """
    }

    // MARK: Encryption

    /// Encrypts the secrets of all organizations with the newest key.
    static func sealAnew(_ box: SecretBox, _ db: any SQLExecutor, _ logger: Logger) throws {
        let rows = try db.rows("SELECT organization_id, \(table.columns) FROM mcp_server")
        for read in rows {
            let organization: String = try read["organization_id"]
            var row = try table.row(read)
            row.sealedAuthToken = try row.sealedAuthToken.map {
                try box.sealAnew($0, for: row.place(of: "auth_token"), logger)
            }
            row.sealedEnv = try sealAnew(row.sealedEnv, "env", of: row, box, logger)
            row.sealedCustomHeaders = try sealAnew(row.sealedCustomHeaders, "custom_headers", of: row, box, logger)
            try db.execute(
                """
                UPDATE mcp_server SET sealed_auth_token = \(row.sealedAuthToken), sealed_env = \(row.sealedEnv),
                    sealed_custom_headers = \(row.sealedCustomHeaders)
                WHERE organization_id = \(organization) AND id = \(row.id)
                """)
        }
    }

    private static func sealAnew(
        _ json: RawJSON?, _ field: String, of row: MCPServerRow, _ box: SecretBox, _ logger: Logger
    ) throws -> RawJSON? {
        guard let values = MCPServerRow.values(json) else { return json }
        var sealed: [String: String] = [:]
        for (name, value) in values {
            sealed[name] = try box.sealAnew(value, for: row.place(of: "\(field)/\(name)"), logger)
        }
        return RawJSON(sealed)
    }
}
