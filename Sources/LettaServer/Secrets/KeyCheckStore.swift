import LettaAPI
import Storage

/// Makes sure that the key at hand is the one the database was written with, before anything is served.
enum KeyCheckStore {
    private static let name = "encryption key check"
    private static let text = "letta-swift"

    /// Writes the check on a new database.
    ///
    /// - Throws: `StartUpFailure.wrongEncryptionKey` when the database was written with another key.
    static func verify(_ box: SecretBox, _ db: any SQLExecutor) throws {
        let stored: String? = try db.value("SELECT value FROM server_setting WHERE name = \(name)")
        if let stored {
            guard (try? box.open(stored, for: name)) == text else {  // whatever the reason, this key is wrong
                throw StartUpFailure.wrongEncryptionKey
            }
        } else {
            try db.execute(
                "INSERT INTO server_setting (name, value) VALUES (\(name), \(try box.seal(text, for: name)))")
        }
    }
}
