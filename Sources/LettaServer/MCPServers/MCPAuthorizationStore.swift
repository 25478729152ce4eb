import LettaAPI
import Logging
import Storage

/// A row of table `mcp_oauth`: what a user allowed this server to do with an MCP server, or was asked to.
struct MCPAuthorizationRow: Codable, Sendable {
    enum Status: String, Codable, Sendable, CaseIterable {
        case pending, granted, failed
    }

    var id: String
    var serverURL: String
    /// Nil once the browser has come back.
    var stateDigest: String?
    var status: Status
    var sealedGrant: String
    var createdByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    /// What the grant is encrypted for; it decrypts nowhere else.
    var place: String { Self.place(of: id) }
    static func place(of id: String) -> String { "mcp_oauth/\(id)/grant" }
}

enum MCPAuthorizationStore {
    static let table = Table<MCPAuthorizationRow>("mcp_oauth")

    /// The newest authorization for a server.
    static func granted(for server: String, _ db: Transaction) throws -> MCPAuthorizationRow? {
        try db.rows(
            """
            SELECT \(table.columns) FROM mcp_oauth
            WHERE organization_id = \(db.organization) AND server_url = \(server)
                AND status = \(MCPAuthorizationRow.Status.granted.rawValue)
            ORDER BY updated_at DESC, id DESC LIMIT 1
            """
        ).first.map(table.row)
    }

    static func isKnown(stateDigest: String, _ db: any SQLExecutor) throws -> Bool {
        try db.row("SELECT 1 FROM mcp_oauth WHERE state_digest = \(stateDigest)") != nil
    }

    /// The authorization that a browser comes back from, and its organization. The state is good for one time.
    static func redeem(
        stateDigest: String, _ db: any SQLExecutor
    ) throws -> (row: MCPAuthorizationRow, organization: String)? {
        let found = try db.row(
            """
            SELECT organization_id, \(table.columns) FROM mcp_oauth
            WHERE state_digest = \(stateDigest) \(db.dialect.forUpdate)
            """)
        guard let found else { return nil }
        let row = try table.row(found)
        let organization: String = try found["organization_id"]
        try db.execute(
            "UPDATE mcp_oauth SET state_digest = NULL WHERE organization_id = \(organization) AND id = \(row.id)")
        return (row, organization)
    }

    /// Deletes what nobody finished in time, and the grants for a server that a newer one replaces.
    static func deleteOld(before time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM mcp_oauth WHERE organization_id = \(db.organization) AND created_at < \(time)
                AND status <> \(MCPAuthorizationRow.Status.granted.rawValue)
            """)
    }

    static func deleteOthers(than row: MCPAuthorizationRow, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM mcp_oauth WHERE organization_id = \(db.organization) AND server_url = \(row.serverURL)
                AND status = \(MCPAuthorizationRow.Status.granted.rawValue) AND id <> \(row.id)
            """)
    }

    /// Encrypts the grants of all organizations with the newest key.
    static func sealAnew(_ box: SecretBox, _ db: any SQLExecutor, _ logger: Logger) throws {
        for row in try db.rows("SELECT organization_id, id, sealed_grant FROM mcp_oauth") {
            let organization: String = try row["organization_id"]
            let id: String = try row["id"]
            let sealed = try box.sealAnew(try row["sealed_grant"], for: MCPAuthorizationRow.place(of: id), logger)
            try db.execute(
                "UPDATE mcp_oauth SET sealed_grant = \(sealed) WHERE organization_id = \(organization) AND id = \(id)")
        }
    }
}
