import JSON
import LettaAPI
import Storage

/// The rules of sandbox settings: one row per type, and variables whose values are encrypted and never shown.
///
/// The settings themselves change nothing in this server's own sandbox; its variables reach the organization's tools.
struct SandboxService: Sendable {
    let core: Core
    let secrets: SecretBox

    func list(_ query: ListSandboxConfigs, as scope: Scope) async throws -> Page<SandboxConfig> {
        try await core.storage.read(as: scope) { db in try SandboxStore.page(query, db) }
    }

    /// Creates the settings of a type, or replaces them.
    func put(_ settings: SandboxSettings, as scope: Scope) async throws -> SandboxConfig {
        let members = Self.complete(settings.variants[settings.type] ?? [:], for: settings.type)
        let new = row(settings.type, members, as: scope)
        return try await core.storage.write(as: scope) { db in
            let found = try Self.found(SandboxStore.findOrInsert(new, db), new.type)
            return try Self.replaceSettings(of: found, with: members, at: new.updatedAt, db)
        }
    }

    /// The settings of a type, created where there are none.
    func defaultConfig(_ type: SandboxType, as scope: Scope) async throws -> SandboxConfig {
        let new = row(type, Self.complete([:], for: type), as: scope)
        return try await core.storage.write(as: scope) { db in
            try Self.found(SandboxStore.findOrInsert(new, db), type)
        }
    }

    /// Replaces the settings; what is left out is not filled in, as with the peer.
    func update(
        _ id: ID<SandboxConfig>, applying change: UpdateSandboxConfig, as scope: Scope
    ) async throws -> SandboxConfig {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            let row = try Self.config(id, locking: true, db)
            guard let settings = change.config.value else { return row }
            let members = settings.variants[row.type] ?? [:]
            guard !members.isEmpty || settings.variants[settings.type]?.isEmpty == true else {
                throw APIError.invalidField(
                    "config",
                    "these are settings of a sandbox of type \(settings.type.rawValue), and \(id) is of type "
                        + "\(row.type.rawValue)", input: .string(settings.type.rawValue))
            }
            return try Self.replaceSettings(of: row, with: members, at: time, db)
        }
    }

    func delete(_ id: ID<SandboxConfig>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try Self.config(id, locking: true, db)
            try db.delete(id, from: SandboxStore.table)
        }
    }
}

// MARK: Environment variables

extension SandboxService {
    /// What all tools of the organization find in their environment.
    func environment(as scope: Scope) async throws -> [String: String] {
        try open(try await core.storage.read(as: scope) { db in try SandboxStore.variables(of: .local, db) })
    }

    /// - Throws: `APIError` 500 that names a variable that can't be decrypted: a tool must not run without it unnoticed.
    func open(_ rows: [SandboxVariableRow]) throws -> [String: String] {
        var environment: [String: String] = [:]
        for row in rows {
            environment[row.name] = try secrets.open(
                row.sealedValue, for: SandboxVariableRow.place(of: row.id), variable: row.name)
        }
        return environment
    }

    func variables(
        of id: ID<SandboxConfig>, _ query: ListSandboxVariables, as scope: Scope
    ) async throws -> Page<SandboxVariable> {
        try await core.storage.read(as: scope) { db in
            _ = try Self.config(id, db)
            return try SandboxStore.page(of: id, query, db).map { $0.wire(db.organization) }
        }
    }

    /// Creates a variable, or changes the one with the same name.
    func put(
        _ body: CreateSandboxVariable, of config: ID<SandboxConfig>, as scope: Scope
    ) async throws -> SandboxVariable {
        try EnvironmentName.check("key", [body.key])
        let (id, time) = (core.ids.next(SandboxVariable.self), core.now())
        return try await core.storage.write(as: scope) { db in
            // Locked, so that no other request adds the name before this transaction ends.
            _ = try Self.config(config, locking: true, db)
            if let row = try SandboxStore.variable(named: body.key, of: config, db) {
                var change = UpdateSandboxVariable()
                change.value = .set(body.value)
                if let description = body.description { change.description = .set(description) }
                return try apply(change, to: row, at: time, db)
            }
            let sealed = try secrets.seal(
                body.value, for: SandboxVariableRow.place(of: id), keeping: nil, field: "value")
            let row = SandboxVariableRow(
                id: id, sandboxConfigID: config, name: body.key, sealedValue: sealed, description: body.description,
                createdByID: db.user, lastUpdatedByID: db.user, createdAt: time, updatedAt: time)
            try db.insert(row, into: SandboxStore.variables)
            return row.wire(db.organization)
        }
    }

    func update(
        _ id: ID<SandboxVariable>, applying change: UpdateSandboxVariable, as scope: Scope
    ) async throws -> SandboxVariable {
        if let name = change.key.value { try EnvironmentName.check("key", [name]) }
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            try apply(change, to: try Self.variable(id, db), at: time, db)
        }
    }

    func delete(_ id: ID<SandboxVariable>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try Self.variable(id, db)
            try db.delete(id, from: SandboxStore.variables)
        }
    }

    private func apply(
        _ change: UpdateSandboxVariable, to old: SandboxVariableRow, at time: Timestamp, _ db: Transaction
    ) throws -> SandboxVariable {
        var row = old
        change.key.apply(to: &row.name)
        change.description.apply(to: &row.description)
        if let value = change.value.value {
            row.sealedValue = try secrets.seal(
                value, for: SandboxVariableRow.place(of: old.id), keeping: old.sealedValue, field: "value")
        }
        guard row != old else { return old.wire(db.organization) }
        if row.name != old.name,
            try SandboxStore.variable(named: row.name, of: row.sandboxConfigID, db) != nil
        {
            throw APIError.conflict(
                "The sandbox has an environment variable '\(row.name)' already. Change or delete that one.")
        }
        row.updatedAt = max(time, row.updatedAt)
        row.lastUpdatedByID = db.user
        try db.update(row, in: SandboxStore.variables)
        return row.wire(db.organization)
    }

    private static func variable(_ id: ID<SandboxVariable>, _ db: Transaction) throws -> SandboxVariableRow {
        guard let row = try db.fetch(SandboxStore.variables, id, locking: true) else {
            throw APIError.notFound("Environment variable", id)
        }
        return row
    }
}

extension SandboxService {
    private static func config(
        _ id: ID<SandboxConfig>, locking: Bool = false, _ db: Transaction
    ) throws -> SandboxConfig {
        guard let row = try db.fetch(SandboxStore.table, id, locking: locking) else {
            throw APIError.notFound("Sandbox config", id)
        }
        return row
    }

    /// - Throws: `APIError` 409 when another request deleted the row that stood in the way of an insertion.
    private static func found(_ row: SandboxConfig?, _ type: SandboxType) throws -> SandboxConfig {
        guard let row else {
            throw APIError.conflict("The settings of type \(type.rawValue) were deleted by another request. Retry.")
        }
        return row
    }

    private static func replaceSettings(
        of old: SandboxConfig, with members: JSONObject, at time: Timestamp, _ db: Transaction
    ) throws -> SandboxConfig {
        guard try old.config.json.value() != .object(members) else { return old }
        var row = old
        row.config = ObjectDocument(members)
        row.updatedAt = max(time, row.updatedAt)
        row.lastUpdatedByID = db.user
        try db.update(row, in: SandboxStore.table)
        return row
    }

    private func row(_ type: SandboxType, _ members: JSONObject, as scope: Scope) -> SandboxConfig {
        SandboxConfig(
            id: core.ids.next(), type: type, config: ObjectDocument(members), organizationID: scope.organization,
            createdByID: scope.user, createdAt: core.now())
    }

    /// New settings with the peer's defaults. Tools of this server start in `/tmp`.
    private static func complete(_ members: JSONObject, for type: SandboxType) -> JSONObject {
        var complete: JSONObject =
            switch type {
            case .local: ["sandbox_dir": "/tmp", "use_venv": false, "venv_name": "venv", "pip_requirements": []]
            case .e2b: ["timeout": 300]
            case .modal: ["timeout": 60, "language": "python"]
            }
        for (name, value) in members { complete[name] = value }
        return complete
    }
}
