public import JSON

/// The copies that the server makes by itself.
public struct BackupSchedule: Codable, Sendable, JSONWritable {
    /// The hours between two copies; null where none are made.
    public var everyHours: Int?
    /// How many of them are kept; older ones are deleted. Copies that somebody asked for are not counted.
    public var keep: Int
    /// Whether requests can't change this: the configuration of the server sets it, or the data are not in SQLite.
    public var isFixed: Bool
    /// When the next one is made; null where none are.
    public var nextAt: Timestamp?
    /// When the last one was made.
    public var lastAt: Timestamp?
    /// When one failed; null once a later one was made.
    public var failedAt: Timestamp?
    /// Why it failed.
    public var error: String?

    public init(everyHours: Int?, keep: Int, isFixed: Bool) {
        self.everyHours = everyHours
        self.keep = keep
        self.isFixed = isFixed
    }
}

/// The changes a client may make to the schedule of backups. A field left out keeps its value.
public struct UpdateBackupSchedule: Codable, Sendable {
    /// From 1 to 8760; null for no copies.
    public var everyHours: Patch<Int> = .keep
    /// From 1 to 1000; null for 7.
    public var keep: Patch<Int> = .keep

    public init() {}
}

extension API {
    /// Copies of an SQLite database that are made again and again.
    public enum BackupSchedules {
        public static let retrieve = Endpoint<NoPath, NoQuery, NoBody, BackupSchedule>(
            .get, "/v1/server/backup-schedule",
            "Tells how often the server copies its database, and whether that works.")
        public static let update = Endpoint<NoPath, NoQuery, UpdateBackupSchedule, BackupSchedule>(
            .patch, "/v1/server/backup-schedule", "Changes how often the server copies its database.")
    }
}
