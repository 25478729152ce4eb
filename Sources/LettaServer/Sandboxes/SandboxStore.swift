import LettaAPI
import Logging
import Storage

/// A row of table `sandbox_variable`.
struct SandboxVariableRow: Codable, Sendable, Equatable {
    var id: ID<SandboxVariable>
    var sandboxConfigID: ID<SandboxConfig>
    var name: String
    var sealedValue: String
    var description: String?
    var createdByID: String?
    var lastUpdatedByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    /// What a value is encrypted for; it decrypts in no other row.
    static func place(of id: ID<SandboxVariable>) -> String { "sandbox_variable/\(id)" }

    func wire(_ organization: String) -> SandboxVariable {
        var variable = SandboxVariable(
            id: id, sandboxConfigID: sandboxConfigID, key: name, mask: SealedSecret.mask, organizationID: organization,
            createdAt: createdAt)
        variable.description = description
        variable.createdByID = createdByID
        variable.lastUpdatedByID = lastUpdatedByID
        variable.updatedAt = updatedAt
        return variable
    }
}

/// Tables `sandbox_config` and `sandbox_variable`.
enum SandboxStore {
    static let table = Table<SandboxConfig>("sandbox_config")
    static let variables = Table<SandboxVariableRow>("sandbox_variable")

    static func page(_ query: ListSandboxConfigs, _ db: Transaction) throws -> Page<SandboxConfig> {
        try db.page(
            table, query, defaultLimit: 1000, order: .oldestFirst,
            where: [query.sandboxType.map { "type = \($0.rawValue)" }])
    }

    /// Inserts the row unless there is one of its type. Returns the one that is there then, locked.
    static func findOrInsert(_ row: SandboxConfig, _ db: Transaction) throws -> SandboxConfig? {
        try db.execute(
            """
            INSERT INTO sandbox_config (
                organization_id, id, type, config, created_by_id, last_updated_by_id, created_at, updated_at)
            VALUES (\(db.organization), \(row.id), \(row.type.rawValue), \(row.config), \(row.createdByID),
                \(row.lastUpdatedByID), \(row.createdAt), \(row.updatedAt))
            ON CONFLICT (organization_id, type) DO NOTHING
            """)
        return try db.fetchAll(table, where: "type = \(row.type.rawValue)", locking: true).first
    }

    // MARK: Variables

    static func page(
        of config: ID<SandboxConfig>, _ query: ListSandboxVariables, _ db: Transaction
    ) throws -> Page<SandboxVariableRow> {
        try db.page(
            variables, query, defaultLimit: 1000, order: .oldestFirst, where: ["sandbox_config_id = \(config)"])
    }

    /// The variable with a name, locked.
    static func variable(
        named name: String, of config: ID<SandboxConfig>, _ db: Transaction
    ) throws -> SandboxVariableRow? {
        try db.fetchAll(variables, where: "sandbox_config_id = \(config) AND name = \(name)", locking: true).first
    }

    /// The variables of a type of sandbox with their encrypted values.
    static func variables(of type: SandboxType, _ db: Transaction) throws -> [SandboxVariableRow] {
        try db.fetchAll(
            variables,
            where: """
                sandbox_config_id IN (
                    SELECT id FROM sandbox_config
                    WHERE organization_id = \(db.organization) AND type = \(type.rawValue))
                """)
    }

    /// Encrypts the values of all organizations with the newest key.
    static func sealAnew(_ box: SecretBox, _ db: any SQLExecutor, _ logger: Logger) throws {
        for row in try db.rows("SELECT organization_id, id, sealed_value FROM sandbox_variable") {
            let organization: String = try row["organization_id"]
            let id: ID<SandboxVariable> = try row["id"]
            let sealed = try box.sealAnew(try row["sealed_value"], for: SandboxVariableRow.place(of: id), logger)
            try db.execute(
                """
                UPDATE sandbox_variable SET sealed_value = \(sealed)
                WHERE organization_id = \(organization) AND id = \(id)
                """)
        }
    }
}
