import Storage

extension Migration {
    /// Sandbox settings and MCP servers.
    static let toolSettings = Migration(number: 14, name: "tool_settings") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return sandboxes(id) + mcpServers(id)
    }

    private static func sandboxes(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE sandbox_config (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                type \(id) NOT NULL,
                config TEXT NOT NULL,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, type)
            )
            """,
            "CREATE INDEX sandbox_config_by_creation ON sandbox_config (organization_id, created_at, id)",
            """
            CREATE TABLE sandbox_variable (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                sandbox_config_id \(id) NOT NULL,
                name \(id) NOT NULL,
                sealed_value TEXT NOT NULL,
                description TEXT,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, sandbox_config_id, name),
                FOREIGN KEY (organization_id, sandbox_config_id)
                    REFERENCES sandbox_config (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE INDEX sandbox_variable_by_creation
            ON sandbox_variable (organization_id, sandbox_config_id, created_at, id)
            """,
        ]
    }

    private static func mcpServers(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE mcp_server (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                server_name \(id) NOT NULL,
                server_type TEXT NOT NULL,
                command TEXT,
                args TEXT,
                sealed_env TEXT,
                server_url TEXT,
                auth_header TEXT,
                sealed_auth_token TEXT,
                sealed_custom_headers TEXT,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, server_name)
            )
            """,
            "CREATE INDEX mcp_server_by_creation ON mcp_server (organization_id, created_at, id)",
            // A tool belongs to one server.
            """
            CREATE TABLE mcp_server_tool (
                organization_id \(id) NOT NULL,
                tool_id \(id) NOT NULL,
                mcp_server_id \(id) NOT NULL,
                PRIMARY KEY (organization_id, tool_id),
                FOREIGN KEY (organization_id, tool_id) REFERENCES tool (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, mcp_server_id)
                    REFERENCES mcp_server (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE INDEX mcp_server_tool_by_server ON mcp_server_tool (organization_id, mcp_server_id, tool_id)
            """,
        ]
    }
}
