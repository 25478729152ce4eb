import AgentEngine
import JSON
import LettaAPI
import MCPClient
import Storage

/// Stores what a server offers as tools that agents can have: adds new tools, changes those that have changed, deletes
/// those that are gone. A tool with a broken schema stays as it is.
struct MCPToolSync {
    let server: MCPServerRow
    let ids: IDSource
    let time: Timestamp

    /// Stores what a server offers in a transaction of its own.
    ///
    /// - Throws: `APIError` for a server that was deleted or changed meanwhile.
    static func store(
        _ offered: [MCPTool], isWhole: Bool, of server: MCPServerRow, _ core: Core, as scope: Scope
    ) async throws -> MCPToolChanges {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            // One at a time for each server. Its settings may have changed meanwhile: then these are another server's tools.
            guard let row = try db.fetch(MCPServerStore.table, server.id, locking: true) else {
                throw APIError.notFound("MCP server", server.id)
            }
            guard row.serverURL == server.serverURL, row.command == server.command, row.args == server.args else {
                throw APIError.conflict("The MCP server was changed by another request. Retry.")
            }
            return try MCPToolSync(server: row, ids: core.ids, time: time).store(offered, isWhole: isWhole, db)
        }
    }

    /// - Parameter isWhole: whether stored tools that are not offered are deleted.
    func store(_ offered: [MCPTool], isWhole: Bool, _ db: Transaction) throws -> MCPToolChanges {
        let stored = try MCPToolStore.tools(of: server.id, db)
        var changes = MCPToolChanges()
        var new: [MCPToolSchema] = []
        for schema in offered.map(MCPToolSchema.init) where schema.health != .invalid {
            guard let row = stored[schema.tool.name] else {
                new.append(schema)
                continue
            }
            guard let changed = changed(row, to: schema) else { continue }
            try db.update(changed, in: ToolStore.table)
            changes.updated.append(row.wire.name)
        }
        if isWhole {
            let names = Set(offered.map(\.name))
            let gone = stored.filter { !names.contains($0.key) }.values.sorted { $0.wire.name < $1.wire.name }
            try MCPToolStore.delete(gone.map(\.wire.id), db)
            changes.deleted = gone.map(\.wire.name)
        }
        changes.added = try insert(new, db)
        return changes
    }

    private func insert(_ new: [MCPToolSchema], _ db: Transaction) throws -> [String] {
        let wanted = new.flatMap { [MCPToolSchema.legal($0.tool.name), prefixed($0.tool.name)] }
        var taken = try MCPToolStore.takenNames(among: wanted, db)
        var rows: [(tool: Stored<Tool>, remoteName: String)] = []
        for schema in new {
            let name = try freeName(for: schema.tool.name, &taken, db)
            var tool = Tool(
                id: ids.next(), toolType: ToolService.mcp, name: name, tags: ["mcp:\(server.serverName)"],
                returnCharLimit: ToolRules.defaultReturnLimit)
            describe(&tool, schema)
            tool.sourceType = "python"
            tool.metadata = ObjectDocument(["mcp": .object(origin(schema))])
            tool.projectID = db.project
            tool.createdByID = db.user
            tool.lastUpdatedByID = db.user
            rows.append((Stored(tool, at: time), schema.tool.name))
        }
        try MCPToolStore.insert(rows, of: server.id, db)
        return rows.map(\.tool.wire.name)
    }

    private func describe(_ tool: inout Tool, _ schema: MCPToolSchema) {
        tool.description = schema.description
        tool.jsonSchema = RawJSON(JSONValue.object(schema.schema(named: tool.name)))
    }

    private func origin(_ schema: MCPToolSchema) -> JSONObject {
        [
            "server_id": .string(server.id.rawValue), "server_name": .string(server.serverName),
            "tool_name": .string(schema.tool.name),
        ]
    }

    /// The row with the new description; nil when nothing has changed.
    ///
    /// Who attached the tool read the old text, and a server may replace it by instructions of its own: so `metadata_.mcp`
    /// says when it changed, and what it was.
    private func changed(_ row: Stored<Tool>, to schema: MCPToolSchema) -> Stored<Tool>? {
        var changed = row
        describe(&changed.wire, schema)
        guard changed.wire.description != row.wire.description || changed.wire.jsonSchema != row.wire.jsonSchema else {
            return nil
        }
        var origin = origin(schema)
        origin["changed_at"] = .string(time.wireText)
        origin["previous_description"] = row.wire.description.map { .string($0) } ?? .null
        // Metadata that can't be read is replaced.
        var metadata = (try? row.wire.metadata?.json.value())?.object ?? [:]
        metadata["mcp"] = .object(origin)
        changed.wire.metadata = ObjectDocument(metadata)
        changed.updatedAt = max(time, row.updatedAt)
        return changed
    }

    // MARK: Names

    /// The tool's own name, with the server's before it where another tool has that, or with a number where that is taken
    /// as well.
    private func freeName(for remote: String, _ taken: inout Set<String>, _ db: Transaction) throws -> String {
        for name in [MCPToolSchema.legal(remote), prefixed(remote)] where BaseTool.named(name) == nil {
            if taken.insert(name).inserted { return name }
        }
        let stem = prefixed(remote).prefix(58)
        for number in 2...9_999 {
            let name = "\(stem)_\(number)"
            guard try !taken.contains(name) && MCPToolStore.takenNames(among: [name], db).isEmpty else { continue }
            taken.insert(name)
            return name
        }
        throw APIError.conflict("Too many tools are called like '\(remote)'.")
    }

    private func prefixed(_ remote: String) -> String { MCPToolSchema.legal("\(server.serverName)_\(remote)") }
}
