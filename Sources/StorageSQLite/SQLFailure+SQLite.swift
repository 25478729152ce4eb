import GRDB
import GRDBSQLite
import Storage

extension SQLFailure {
    /// - Parameter code: an extended result code of SQLite.
    init(sqliteCode code: Int32, message: String, sql: String?) {
        self.init(Self.kind(ofSQLiteCode: code, message: message), "\(message) (SQLite \(code))", sql: sql)
    }

    init(_ error: DatabaseError, sql: String?) {
        self.init(
            sqliteCode: error.extendedResultCode.rawValue, message: error.message ?? "no message",
            sql: sql ?? error.sql)
    }

    private static func kind(ofSQLiteCode code: Int32, message: String) -> Kind {
        let extended = ResultCode(rawValue: code)
        switch extended {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID:
            // "UNIQUE constraint failed: agent.organization_id, agent.name"
            let columns = message.split(separator: ": ", maxSplits: 1).last ?? ""
            return .uniqueViolation(String(columns))
        case .SQLITE_CONSTRAINT_FOREIGNKEY: return .foreignKeyViolation
        case .SQLITE_CONSTRAINT_CHECK, .SQLITE_CONSTRAINT_NOTNULL: return .checkViolation
        default: break
        }
        switch extended.primaryResultCode {
        case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_CORRUPT, .SQLITE_NOTADB,
            .SQLITE_PERM, .SQLITE_NOMEM:
            return .unavailable
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .busy
        case .SQLITE_INTERRUPT: return .cancelled
        case .SQLITE_TOOBIG: return .decoding
        default: return .other
        }
    }
}
