import JSON
import LettaAPI
import Storage

/// What stands for itself: tools, servers, blocks, providers, sandboxes, identities.
extension LettaNoun {
    static let tools = LettaNoun(
        name: "tools", table: "tools", target: "tool",
        store: { row, writer in
            var row = row
            row.fill("tags", [])
            row.fill("tool_type", "custom")
            row.fill("return_char_limit", .int(Int64(ToolRules.defaultReturnLimit)))
            let tool: Tool = try row.decode()
            guard ToolService.types.contains(tool.toolType) else {
                throw LettaRowProblem("'\(tool.toolType)' is no type of tools")
            }
            if let known = try ToolStore.rows(named: [tool.name], writer.db).first {
                let isBase = known.toolType == tool.toolType && tool.toolType.hasPrefix("letta_")
                if isBase, try LettaImportStore.rename(known.id, to: tool.id, writer.db) { return }
                writer.replace(row.id, by: known.id)
                if !isBase {
                    writer.leaveOut(row.id, "there is a tool '\(tool.name)' here already; the agents get that one")
                }
                return
            }
            var stored = Stored(tool, at: row.createdAt)
            stored.updatedAt = row.updatedAt
            try writer.db.insert(stored, into: ToolStore.table)
        })

    static let mcpServers = LettaNoun(
        name: "MCP servers", table: "mcp_server", target: "mcp_server",
        gather: { row, source in
            let links = try await source.rows("mcp_tools", of: "mcp_server_id", row.id)
            row["tools"] = .array(links.compactMap { $0.text("tool_id").map { .string($0) } })
            row = try await source.decrypted(row)
        },
        store: { row, writer in
            guard let type = row.text("server_type").flatMap(MCPServerType.init(rawValue:)) else {
                throw LettaRowProblem("'\(row.text("server_type") ?? "")' is no type of MCP servers")
            }
            var server = MCPServerRow(
                id: ID(row.id), serverName: row.text("server_name") ?? row.id, serverType: type.rawValue,
                createdByID: row.text("created_by_id"), lastUpdatedByID: row.text("last_updated_by_id"),
                createdAt: row.createdAt, updatedAt: row.updatedAt)
            let config = row["stdio_config"]
            server.command = config["command"]?.string
            server.args = (config["args"]?.array).map { RawJSON(JSONValue.array($0)) }
            server.serverURL = row.text("server_url")
            server.sealedEnv = try sealed(config["env"]?.object, "env", of: server, writer)
            try seal(row, into: &server, &writer)
            try writer.db.insert(server, into: MCPServerStore.table)
            let tools = (row["tools"].array ?? []).compactMap(\.string)
            for tool in try writer.db.fetch(ToolStore.table, tools) {
                try LettaImportStore.linkTool(tool.id.rawValue, to: row.id, remoteName: tool.name, writer.db)
            }
        },
        addSecrets: { row, writer in
            guard var server = try writer.db.fetch(MCPServerStore.table, ID<MCPServer>(row.id), locking: true) else {
                return
            }
            try seal(row, into: &server, &writer)
            try writer.db.update(server, in: MCPServerStore.table)
        })

    /// Gives a server its token and its headers, unless it has them.
    private static func seal(_ row: LettaRow, into server: inout MCPServerRow, _ writer: inout LettaWriter) throws {
        if server.sealedCustomHeaders == nil {
            let texts = ["custom_headers_enc", "custom_headers"].compactMap { row.text($0) }
            if texts.contains(where: LettaSecret.isEncrypted) {
                writer.leaveOpen("headers of the MCP server \(server.serverName)")
            }
            // An old value may stand in the column for clear text.
            let newest = texts.compactMap { (try? JSONParser().parse($0))?.object }.first
            let headers = newest ?? row["custom_headers"].object
            server.sealedCustomHeaders = try sealed(headers, "custom_headers", of: server, writer)
        }
        guard server.sealedAuthToken == nil else { return }
        var row = row
        // Letta shows and sends it with this word, and stores it without.
        let unread = row.text("token_enc").flatMap { LettaSecret.isEncrypted($0) ? $0 : nil }
        for column in ["token", "token_enc"] {
            guard let token = row.text(column), !token.isEmpty, token != unread else { continue }
            row[column] = .string(token.hasPrefix("Bearer ") ? token : "Bearer \(token)")
        }
        server.sealedAuthToken = try writer.seal(
            row, ("token", "token_enc"), for: server.place(of: "auth_token"),
            "token of the MCP server \(server.serverName)")
        if server.sealedAuthToken != nil { server.authHeader = "Authorization" }
    }

    private static func sealed(
        _ values: JSONObject?, _ field: String, of server: MCPServerRow, _ writer: LettaWriter
    ) throws -> RawJSON? {
        guard let values, !values.isEmpty else { return nil }
        var sealed: [String: String] = [:]
        for (name, value) in values {
            sealed[name] = try writer.box.seal(value.string ?? "", for: server.place(of: "\(field)/\(name)"))
        }
        return RawJSON(sealed)
    }

    static let blocks = LettaNoun(
        name: "blocks", table: "block", target: "block",
        gather: { row, source in
            row["tags"] = .array(try await source.rows("blocks_tags", of: "block_id", row.id).map { $0["tag"] })
            let history = try await source.rows("block_history", of: "block_id", row.id)
            row["history"] = .array(history.map { .object($0.columns) })
        },
        store: { row, writer in
            var row = row
            row["metadata"] = row["metadata_"]
            row.fill("read_only", false)
            row.fill("is_template", false)
            row.fill("version", 1)
            row.fill("value", "")
            row["created_at"] = .string(row.createdAt.wireText)
            row["updated_at"] = .string(row.updatedAt.wireText)
            // Letta does not enforce limits: the value is kept, and the limit is raised to it.
            let length = row.text("value")?.unicodeScalars.count ?? 0
            row["limit"] = .int(Int64(max(row.integer("limit") ?? BlockService.defaultLimit, length, 1)))
            var block: BlockRow = try row.decode()
            let history = (row["history"].array ?? []).compactMap { $0.object.map { LettaRow($0, key: []) } }
            // The history of Letta ends before the present text, or with it.
            block.version = max(1, (history.last?.integer("sequence_number") ?? 0) + 1)
            try BlockStore.insert(block, tags: (row["tags"].array ?? []).compactMap(\.string), writer.db)
            for entry in history {
                guard let version = version(entry), version.version < block.version else { continue }
                try LettaImportStore.insert(version, of: block.id, writer.db)
            }
        })

    private static func version(_ row: LettaRow) -> BlockVersion? {
        var row = row
        row["version"] = row["sequence_number"]
        row["metadata"] = row["metadata_"]
        row.fill("actor_type", "user")
        row.fill("actor_id", .string(User.defaultID.rawValue))
        row["created_at"] = .string(row.createdAt.wireText)
        // An entry that can't be read is no reason to leave the block out.
        return try? row.decode()
    }

    static let providers = LettaNoun(
        name: "providers", table: "providers", target: "provider",
        // Those of category base are made from the environment at every start.
        gather: { row, source in row = try await source.decrypted(row) },
        isOwn: { $0.text("provider_category") != "base" && $0.text("organization_id") != nil },
        store: { row, writer in
            var row = row
            row.fill("created_at", .string(row.createdAt.wireText))
            row.fill("updated_at", .string(row.createdAt.wireText))
            var provider: ProviderRow = try row.decode()
            try seal(row, into: &provider, &writer)
            try writer.db.insert(provider, into: ProviderStore.table)
        },
        addSecrets: { row, writer in
            guard var provider = try writer.db.fetch(ProviderStore.table, ID<Provider>(row.id), locking: true) else {
                return
            }
            try seal(row, into: &provider, &writer)
            try writer.db.update(provider, in: ProviderStore.table)
        })

    /// Gives a provider its keys, unless it has them.
    private static func seal(_ row: LettaRow, into provider: inout ProviderRow, _ writer: inout LettaWriter) throws {
        let name = row.text("name") ?? row.id
        if provider.sealedAPIKey == nil {
            provider.sealedAPIKey = try writer.seal(
                row, ("api_key", "api_key_enc"), for: ProviderRow.KeyColumn.apiKey.place(of: provider.id),
                "API key of the provider \(name)")
        }
        guard provider.sealedAccessKey == nil else { return }
        provider.sealedAccessKey = try writer.seal(
            row, ("access_key", "access_key_enc"), for: ProviderRow.KeyColumn.accessKey.place(of: provider.id),
            "access key of the provider \(name)")
    }

    static let sandboxes = LettaNoun(
        name: "sandbox settings", table: "sandbox_configs", target: "sandbox_config",
        gather: { row, source in
            var variables: [JSONValue] = []
            for variable in try await source.rows("sandbox_environment_variables", of: "sandbox_config_id", row.id) {
                variables.append(.object(try await source.decrypted(variable).columns))
            }
            row["variables"] = .array(variables)
        },
        store: { row, writer in
            var row = row
            row["type"] = .string((row.text("type") ?? "").lowercased())
            row["created_at"] = .string(row.createdAt.wireText)
            row["updated_at"] = .string(row.updatedAt.wireText)
            row["organization_id"] = .string(writer.db.organization)
            let config: SandboxConfig = try row.decode()
            try writer.db.insert(config, into: SandboxStore.table)
            for variable in (row["variables"].array ?? []).compactMap(\.object).map({ LettaRow($0, key: []) }) {
                let id = ID<SandboxVariable>(variable.id)
                let empty = try writer.box.seal("", for: SandboxVariableRow.place(of: id))
                try writer.db.insert(
                    SandboxVariableRow(
                        id: id, sandboxConfigID: config.id, name: name(ofVariable: variable),
                        sealedValue: try sealed(variable, &writer) ?? empty,
                        description: variable.text("description"), createdByID: variable.text("created_by_id"),
                        lastUpdatedByID: variable.text("last_updated_by_id"),
                        createdAt: variable.time("created_at") ?? config.createdAt,
                        updatedAt: variable.time("updated_at") ?? config.updatedAt), into: SandboxStore.variables)
            }
        },
        addSecrets: { row, writer in
            for variable in (row["variables"].array ?? []).compactMap(\.object).map({ LettaRow($0, key: []) }) {
                let id = ID<SandboxVariable>(variable.id)
                guard var stored = try writer.db.fetch(SandboxStore.variables, id, locking: true),
                    try writer.isMissing(stored.sealedValue, for: SandboxVariableRow.place(of: id)),
                    let sealed = try sealed(variable, &writer)
                else { continue }
                stored.sealedValue = sealed
                try writer.db.update(stored, in: SandboxStore.variables)
            }
        })

    private static func name(ofVariable variable: LettaRow) -> String { variable.text("key") ?? variable.id }

    private static func sealed(_ variable: LettaRow, _ writer: inout LettaWriter) throws -> String? {
        try writer.seal(
            variable, ("value", "value_enc"), for: SandboxVariableRow.place(of: ID(variable.id)),
            "variable \(name(ofVariable: variable)) of the sandbox")
    }

    static let identities = LettaNoun(
        name: "identities", table: "identities", target: "identity",
        gather: { row, source in
            row["blocks"] = .array(
                try await source.rows("identities_blocks", of: "identity_id", row.id).map { $0["block_id"] })
        },
        store: { row, writer in
            var row = row
            row.fill("properties", [])
            row["agent_ids"] = []
            row["block_ids"] = []
            row["organization_id"] = .string(writer.db.organization)
            var stored = Stored<Identity>(try row.decode(), at: row.createdAt)
            stored.updatedAt = row.updatedAt
            try writer.db.insert(stored, into: IdentityStore.table)
            let blocks = (row["blocks"].array ?? []).compactMap(\.string)
            for block in try LettaImportStore.present(blocks, in: "block", writer.db).sorted() {
                try LettaImportStore.link(
                    "block_identity", ("block_id", "identity_id"), (block, row.id), writer.db)
            }
        })
}
