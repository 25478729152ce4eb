import JSON
import LettaAPI
import Storage

/// A row of table `server_setting`: the schedule of backups, and how the last one went.
enum BackupScheduleStore {
    struct State: Codable, Sendable, JSONWritable {
        var everyHours: Int?
        var keep: Int?
        var lastAt: Timestamp?
        var failedAt: Timestamp?
        var error: String?
    }

    private static let name = "backup schedule"

    static func state(_ db: any SQLExecutor) throws -> State {
        let text: String? = try db.value("SELECT value FROM server_setting WHERE name = \(name)")
        return try text.map { try Document<State>(stored: $0).content() } ?? State()
    }

    static func set(_ state: State, _ db: any SQLExecutor) throws {
        try db.execute(
            """
            INSERT INTO server_setting (name, value) VALUES (\(name), \(Document(state).json.text))
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """)
    }
}
