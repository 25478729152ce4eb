public import JSON

/// A copy of the database in the server's folder of backups.
public struct Backup: Codable, Sendable, JSONWritable {
    /// Why the copy was made.
    public enum Kind: String, Codable, Sendable, CaseIterable, JSONWritable {
        /// Because somebody asked for it.
        case made
        /// Because it was time: see ``BackupSchedule``.
        case scheduled
        /// Before a newer program changed the database.
        case beforeMigration = "before_migration"
        /// What a restored copy replaced.
        case replaced
        case other
    }

    /// The name of the file.
    public var name: String
    public var kind: Kind
    public var bytes: Int
    public var createdAt: Timestamp

    public init(name: String, kind: Kind, bytes: Int, createdAt: Timestamp) {
        self.name = name
        self.kind = kind
        self.bytes = bytes
        self.createdAt = createdAt
    }
}

/// What was found in a backup.
public struct BackupCheck: Codable, Sendable, JSONWritable {
    public struct Rows: Codable, Sendable, JSONWritable {
        public var table: String
        public var count: Int

        public init(table: String, count: Int) {
            self.table = table
            self.count = count
        }
    }

    public var name: String
    /// Whether every page was read, all references hold, this program knows its version, and the server's key opens it.
    public var isSound: Bool
    /// What is wrong; null for a sound one.
    public var problem: String?
    /// The version of its database; null when it could not be read.
    public var version: Int?
    public var rows: [Rows]

    public init(name: String, isSound: Bool, problem: String?, version: Int?, rows: [Rows]) {
        self.name = name
        self.isSound = isSound
        self.problem = problem
        self.version = version
        self.rows = rows
    }
}

extension API {
    /// Copies of an SQLite database, beside it. Restoring one is a command: the server must not run meanwhile.
    public enum Backups {
        public static let list = Endpoint<NoPath, NoQuery, NoBody, [Backup]>(
            .get, "/v1/server/backups", "Lists the copies of the database, newest first.")
        public static let make = Endpoint<NoPath, NoQuery, NoBody, Backup>(
            .post, "/v1/server/backups", "Copies the database while it is in use, and responds when the copy is stored."
        )
        public static let check = Endpoint<TextPath, NoQuery, NoBody, BackupCheck>(
            .post, "/v1/server/backups/{backup_name}/check",
            "Reads all of a copy, and says whether it could be restored.")
        public static let delete = Endpoint<TextPath, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/server/backups/{backup_name}", "Deletes a copy of the database.")
    }
}
