/// Holds every place where the SQL of the two engines differs.
package enum Dialect: Sendable, Hashable, CaseIterable {
    case sqlite
    case postgres

    /// The column type for bytes.
    package var blobType: SQLText {
        switch self {
        case .sqlite: "BLOB"
        case .postgres: "BYTEA"
        }
    }

    /// Follows the type of a text column that is ordered or compared, so that both engines order by bytes.
    package var textCollation: SQLText {
        switch self {
        case .sqlite: ""
        case .postgres: #"COLLATE "C""#
        }
    }

    /// Ends a `SELECT` that claims rows others must not claim. SQLite has one writer and needs nothing.
    package var forUpdateSkipLocked: SQLText {
        switch self {
        case .sqlite: ""
        case .postgres: "FOR UPDATE SKIP LOCKED"
        }
    }

    /// Ends a `SELECT` whose rows must not change before the transaction ends.
    package var forUpdate: SQLText {
        switch self {
        case .sqlite: ""
        case .postgres: "FOR UPDATE"
        }
    }

    /// A condition: `column` contains `text`, whatever the case of ASCII letters. Both engines fold only
    /// those (PostgreSQL because of the "C" collation), and `%` and `_` in `text` stand for themselves.
    package func contains(_ column: SQLText, _ text: String) -> SQLText {
        var pattern = "%"
        for character in text.unicodeScalars {
            if character == "%" || character == "_" || character == "\\" { pattern.unicodeScalars.append("\\") }
            pattern.unicodeScalars.append(character)
        }
        pattern += "%"
        return switch self {
        case .sqlite: #"lower(\#(column)) LIKE lower(\#(pattern)) ESCAPE '\'"#
        case .postgres:
            #"lower((\#(column)) COLLATE "C") LIKE lower(CAST(\#(pattern) AS TEXT) COLLATE "C") ESCAPE '\'"#
        }
    }

    // MARK: - For the migrator and the query plan

    /// A query whose one value tells whether the table exists.
    func tableExists(_ table: String) -> SQLText {
        switch self {
        case .sqlite: "SELECT COUNT(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = \(table)"
        case .postgres:
            // Not to_regclass: its cache may miss what another process made while we waited for the lock.
            "SELECT COUNT(*) > 0 FROM pg_tables WHERE schemaname = current_schema() AND tablename = \(table)"
        }
    }

    /// Opens a migration's transaction: one process migrates at a time, and however long it takes.
    var migrationPreamble: [SQLText] {
        switch self {
        case .sqlite: []
        case .postgres:
            [
                "SET LOCAL statement_timeout = 0",
                "SET LOCAL lock_timeout = 0",
                // Any number will do, as long as it stays the same in every version.
                "SELECT pg_advisory_xact_lock(6073214521986)",
            ]
        }
    }
}
