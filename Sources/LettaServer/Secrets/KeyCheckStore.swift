import LettaAPI
import Logging
import Storage

/// Verifies at start that the database was written with the encryption key.
enum KeyCheckStore {
    private static let name = "encryption key check"
    private static let text = "letta-swift"

    /// Writes the check value to a new database. With a new and an old key, encrypts everything again with the new one,
    /// so that the old one can be removed afterwards; what neither key decrypts is logged and stays as it is.
    ///
    /// - Throws: `StartUpFailure.wrongEncryptionKey` when the database was written with another key.
    static func verify(_ box: SecretBox, _ db: any SQLExecutor, _ logger: Logger) throws {
        guard let stored = try check(box, db) else {
            try db.execute(
                "INSERT INTO server_setting (name, value) VALUES (\(name), \(try box.seal(text, for: name)))")
            return
        }
        guard box.isSealedWithOlderKey(stored) else { return }
        try sealSecretsAnew(box, db, logger)
        try ProviderStore.sealAnew(box, db, logger)
        try SandboxStore.sealAnew(box, db, logger)
        try MCPServerStore.sealAnew(box, db, logger)
        try MCPAuthorizationStore.sealAnew(box, db, logger)
        try db.execute(
            "UPDATE server_setting SET value = \(try box.seal(text, for: name)) WHERE name = \(name)")
    }

    /// Whether the database was written with a key.
    static func isNeeded(_ db: any SQLExecutor) throws -> Bool { try storedValue(db) != nil }

    /// - Returns: the check value; nil in a database that was not written with a key.
    /// - Throws: `StartUpFailure.wrongEncryptionKey`.
    @discardableResult
    static func check(_ box: SecretBox, _ db: any SQLExecutor) throws -> String? {
        guard let stored = try storedValue(db) else { return nil }
        guard (try? box.open(stored, for: name)) == text else {  // whatever the reason, this key is wrong
            throw StartUpFailure.wrongEncryptionKey
        }
        return stored
    }

    private static func storedValue(_ db: any SQLExecutor) throws -> String? {
        try db.value("SELECT value FROM server_setting WHERE name = \(name)")
    }

    private static func sealSecretsAnew(_ box: SecretBox, _ db: any SQLExecutor, _ logger: Logger) throws {
        let rows = try db.rows("SELECT organization_id, agent_id, name, sealed_value FROM agent_secret")
        for row in rows {
            let organization: String = try row["organization_id"]
            let agent: ID<AgentState> = try row["agent_id"]
            let secret: String = try row["name"]
            let sealed = try box.sealAnew(
                try row["sealed_value"], for: SealedSecret.place(of: secret, agent: agent), logger)
            try db.execute(
                """
                UPDATE agent_secret SET sealed_value = \(sealed)
                WHERE organization_id = \(organization) AND agent_id = \(agent) AND name = \(secret)
                """)
        }
    }
}
