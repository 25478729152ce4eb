import CSQLite
import Storage

extension SQLFailure {
    /// Reads the last error of a connection. `connection` is nil where SQLite had no memory for one.
    init(lastOf connection: OpaquePointer?, sql: String? = nil) {
        let code = connection.map(sqlite3_extended_errcode) ?? SQLITE_NOMEM
        let message = connection.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
        self.init(Self.kind(ofSQLiteCode: code, message: message), "\(message) (SQLite \(code))", sql: sql)
    }

    private static func kind(ofSQLiteCode code: Int32, message: String) -> Kind {
        switch code {
        case csqlite_constraint_unique, csqlite_constraint_primary_key, csqlite_constraint_rowid:
            // "UNIQUE constraint failed: agent.organization_id, agent.name"
            return .uniqueViolation(String(message.split(separator: ": ", maxSplits: 1).last ?? ""))
        case csqlite_constraint_foreign_key: return .foreignKeyViolation
        case csqlite_constraint_check, csqlite_constraint_not_null: return .checkViolation
        default: break
        }
        // The primary code is in the lowest byte.
        switch code & 0xff {
        case SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_PERM,
            SQLITE_NOMEM:
            return .unavailable
        case SQLITE_BUSY, SQLITE_LOCKED: return .busy
        case SQLITE_INTERRUPT: return .cancelled
        case SQLITE_TOOBIG: return .decoding
        default: return .other
        }
    }
}
