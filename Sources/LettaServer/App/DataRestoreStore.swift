import Storage

/// What can be said about a copy of the database.
enum DataRestoreStore {
    /// The rows that an operator knows about.
    private static let counted = ["agent", "message", "block", "passage", "tool"]

    /// Damages of the file and rows that name what is not there; empty for a sound copy.
    static func problems(_ db: any SQLExecutor) throws -> [String] {
        let damages = try db.rows("PRAGMA integrity_check(20)").map { try $0["integrity_check"] as String }
        let dangling = try db.rows("SELECT DISTINCT \"table\" AS name FROM pragma_foreign_key_check").map {
            "rows of \(try $0["name"] as String) name rows that are not there"
        }
        return damages.filter { $0 != "ok" } + dangling
    }

    static func counts(_ db: any SQLExecutor) throws -> [(table: String, rows: Int)] {
        try counted.map { table in
            (table, try db.value("SELECT count(*) FROM \(SQLText(identifier: table))") ?? 0)
        }
    }
}
