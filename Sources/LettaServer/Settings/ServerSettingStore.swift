import JSON
import LettaAPI
import Storage

/// Table `server_setting`: what concerns the whole server, as JSON by its name.
enum ServerSettingStore {
    static func value<Value: Codable & Sendable & JSONWritable>(_ name: String, _ db: any SQLExecutor) throws -> Value?
    {
        let text: String? = try db.value("SELECT value FROM server_setting WHERE name = \(name)")
        return try text.map { try Document<Value>(stored: $0).content() }
    }

    static func set(_ value: some Codable & Sendable & JSONWritable, as name: String, _ db: any SQLExecutor) throws {
        try db.execute(
            """
            INSERT INTO server_setting (name, value) VALUES (\(name), \(Document(value).json.text))
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """)
    }
}
