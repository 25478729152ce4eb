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

    static func state(_ db: any SQLExecutor) throws -> State { try ServerSettingStore.value(name, db) ?? State() }

    static func set(_ state: State, _ db: any SQLExecutor) throws { try ServerSettingStore.set(state, as: name, db) }
}
