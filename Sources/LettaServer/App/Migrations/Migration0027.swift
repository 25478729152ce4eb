import Storage

extension Migration {
    /// Authorizations of MCP servers, and the names that servers give their tools.
    static let mcpSessions = Migration(number: 27, name: "mcp_sessions") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            // The state of a redirect is kept as a digest: who reads the table can't answer in a user's place.
            """
            CREATE TABLE mcp_oauth (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                server_url \(id) NOT NULL,
                state_digest \(id) UNIQUE,
                status TEXT NOT NULL,
                sealed_grant TEXT NOT NULL,
                created_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX mcp_oauth_by_server ON mcp_oauth (organization_id, server_url, updated_at)",
            // A tool may have another name here than on its server.
            "ALTER TABLE mcp_server_tool ADD COLUMN remote_name TEXT",
        ]
    }
}
