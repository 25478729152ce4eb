import JSON
import LettaAPI
import MCPClient
import Storage

/// The rules of MCP servers: a name is unique in an organization, and secrets are encrypted and never shown. Nothing here
/// connects to a server or starts one: ``MCPToolService`` does.
struct MCPServerService: Sendable {
    let core: Core
    let secrets: SecretBox
    let sessions: MCPSessions

    func list(_ query: ListMCPServers, as scope: Scope) async throws -> Page<MCPServer> {
        try await core.storage.read(as: scope) { db in try MCPServerStore.page(query, db).map(\.wire) }
    }

    func retrieve(_ id: ID<MCPServer>, as scope: Scope) async throws -> MCPServer {
        try await core.storage.read(as: scope) { db in try Self.row(id, db).wire }
    }

    func create(_ body: CreateMCPServer, as scope: Scope) async throws -> MCPServer {
        var change = RowChange(body.config.settings, path: ["config"])
        change.name = body.serverName
        change.type = body.config.mcpServerType
        let new = try new(change, as: scope)
        return try await core.storage.write(as: scope) { db in
            try Self.checkNameIsFree(new.serverName, db)
            try db.insert(new, into: MCPServerStore.table)
            return new.wire
        }
    }

    func update(_ id: ID<MCPServer>, applying body: UpdateMCPServer, as scope: Scope) async throws -> MCPServer {
        var change = RowChange(body.config.value?.settings ?? MCPServerChange(), path: ["config"])
        change.name = body.serverName.value
        change.type = body.config.value?.mcpServerType
        let time = core.now()
        return try await core.storage.write(as: scope) { [change] db in
            try apply(change, to: try Self.row(id, locking: true, db), at: time, db).wire
        }
    }

    func delete(_ id: ID<MCPServer>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try Self.row(id, locking: true, db)
            try MCPServerStore.delete(id, db)
        }
        sessions.end(server: id.rawValue)
    }

    func tools(of id: ID<MCPServer>, _ query: ListMCPServers, as scope: Scope) async throws -> Page<Tool> {
        try await core.storage.read(as: scope) { db in
            _ = try Self.row(id, db)
            return try MCPServerStore.page(ofTools: id, query, db)
        }
    }

    func tool(_ tool: ID<Tool>, of id: ID<MCPServer>, as scope: Scope) async throws -> Tool {
        try await core.storage.read(as: scope) { db in
            _ = try Self.row(id, db)
            guard let tool = try MCPServerStore.tool(tool, of: id, db) else { throw APIError.notFound("Tool", tool) }
            return tool
        }
    }
}

// MARK: By name, as the first generation of clients knows servers

extension MCPServerService {
    func listNamed(as scope: Scope) async throws -> [String: NamedMCPServer] {
        let servers = try await core.storage.read(as: scope) { db in try Self.named(db) }
        return Dictionary(servers.map { ($0.serverName, $0) }) { $1 }
    }

    /// Creates a server, or replaces the settings of the one with the same name.
    func put(_ body: PutMCPServer, as scope: Scope) async throws -> [NamedMCPServer] {
        let (change, time) = (RowChange(body), core.now())
        return try await core.storage.write(as: scope) { db in
            if let row = try MCPServerStore.find(body.serverName, db) {
                _ = try apply(change, to: row, at: time, db)
            } else {
                try db.insert(try new(change, as: scope), into: MCPServerStore.table)
            }
            return try Self.named(db)
        }
    }

    func update(
        named name: String, applying body: UpdateNamedMCPServer, as scope: Scope
    ) async throws -> NamedMCPServer {
        var change = RowChange(body.settings)
        if let stdio = body.stdioConfig.value {
            change = RowChange(stdio, path: ["stdio_config"])
            change.type = .stdio
        }
        change.name = body.serverName.value
        change.setToken(body.token)
        let time = core.now()
        return try await core.storage.write(as: scope) { [change] db in
            NamedMCPServer(try apply(change, to: try Self.row(named: name, db), at: time, db).wire)
        }
    }

    func delete(named name: String, as scope: Scope) async throws -> [NamedMCPServer] {
        let (id, left) = try await core.storage.write(as: scope) { db in
            let id = try Self.row(named: name, db).id
            try MCPServerStore.delete(id, db)
            return (id, try Self.named(db))
        }
        sessions.end(server: id.rawValue)
        return left
    }

    private static func named(_ db: Transaction) throws -> [NamedMCPServer] {
        try MCPServerStore.page(ListMCPServers(), db).items.map { NamedMCPServer($0.wire) }
    }

    func row(named name: String, as scope: Scope) async throws -> MCPServerRow {
        try await core.storage.read(as: scope) { db in try Self.row(named: name, locking: false, db) }
    }

    /// The row that `put` would store.
    func draft(_ body: PutMCPServer, as scope: Scope) async throws -> MCPServerRow {
        let change = RowChange(body)
        return try await core.storage.read(as: scope) { db in
            guard var row = try MCPServerStore.find(body.serverName, locking: false, db) else {
                return try new(change, as: scope)
            }
            try change.apply(to: &row, secrets)
            return row
        }
    }

    private static func row(named name: String, locking: Bool = true, _ db: Transaction) throws -> MCPServerRow {
        guard let row = try MCPServerStore.find(name, locking: locking, db) else {
            throw APIError(404, "MCP server named '\(name)' not found")
        }
        return row
    }
}

extension RowChange {
    fileprivate init(_ body: PutMCPServer) {
        self.init(body.settings)
        name = body.serverName
        type = body.type ?? (body.settings.command.value == nil ? .sse : .stdio)
        replacesAll = true
    }
}

extension MCPServerService {
    func row(_ id: ID<MCPServer>, as scope: Scope) async throws -> MCPServerRow {
        try await core.storage.read(as: scope) { db in try Self.row(id, db) }
    }

    private static func row(
        _ id: ID<MCPServer>, locking: Bool = false, _ db: Transaction
    ) throws -> MCPServerRow {
        guard let row = try db.fetch(MCPServerStore.table, id, locking: locking) else {
            throw APIError.notFound("MCP server", id)
        }
        return row
    }

    private static func checkNameIsFree(_ name: String, _ db: Transaction) throws {
        guard try MCPServerStore.find(name, db) == nil else {
            throw APIError.conflict(
                "An MCP server named '\(name)' exists already. Use another name, or change that one.")
        }
    }

    private func new(_ change: RowChange, as scope: Scope) throws -> MCPServerRow {
        let time = core.now()
        var row = MCPServerRow(
            id: core.ids.next(), serverName: "", serverType: "", createdByID: scope.user, lastUpdatedByID: scope.user,
            createdAt: time, updatedAt: time)
        try change.apply(to: &row, secrets)
        return row
    }

    /// Stores a change; does nothing when the row stays the same.
    private func apply(
        _ change: RowChange, to old: MCPServerRow, at time: Timestamp, _ db: Transaction
    ) throws -> MCPServerRow {
        var row = old
        try change.apply(to: &row, secrets)
        guard row != old else { return old }
        if row.serverName != old.serverName { try Self.checkNameIsFree(row.serverName, db) }
        row.updatedAt = max(time, row.updatedAt)
        row.lastUpdatedByID = db.user
        row.lastError = nil
        try db.update(row, in: MCPServerStore.table)
        return row
    }
}
