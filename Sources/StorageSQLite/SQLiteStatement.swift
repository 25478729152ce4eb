import CSQLite
import Storage

/// A prepared statement of one connection: binds values, steps, reads columns.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private let sql: String
    private var columns = SQLColumns([])
    /// The number of preparations that `columns` belongs to: SQLite prepares a statement again after a schema change.
    private var columnsPreparation: Int32 = -1
    /// In uses of the connection.
    var lastUse = 0

    init(_ sql: String, on connection: OpaquePointer) throws(SQLFailure) {
        var prepared: OpaquePointer?
        let (code, rest) = sql.withCString { start in
            var tail: UnsafePointer<CChar>?
            let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
            let code = sqlite3_prepare_v3(connection, start, -1, flags, &prepared, &tail)
            return (code, tail.map { String(cString: $0) } ?? "")
        }
        guard code == SQLITE_OK else { throw SQLFailure(lastOf: connection, sql: sql) }
        guard let prepared, rest.allSatisfy(\.isWhitespace) else {
            sqlite3_finalize(prepared)
            throw SQLFailure(.other, "not exactly one statement", sql: sql)
        }
        handle = prepared
        self.connection = connection
        self.sql = sql
    }

    deinit { sqlite3_finalize(handle) }

    func rows(_ binds: [SQLValue]) throws(SQLFailure) -> [SQLRow] {
        var rows: [SQLRow] = []
        defer { rewind() }
        try bind(binds)
        while try step() {
            refreshColumns()
            var values: [SQLValue] = []
            values.reserveCapacity(columns.names.count)
            for place in 0..<Int32(columns.names.count) { values.append(value(at: place)) }
            rows.append(SQLRow(columns: columns, values: values))
        }
        return rows
    }

    func execute(_ binds: [SQLValue]) throws(SQLFailure) -> Int {
        defer { rewind() }
        let before = sqlite3_total_changes64(connection)
        try bind(binds)
        while try step() {}
        // sqlite3_changes keeps the count of the last statement that changed rows: not this one, if nothing did.
        return sqlite3_total_changes64(connection) == before ? 0 : Int(sqlite3_changes64(connection))
    }

    private func step() throws(SQLFailure) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw failure()
        }
    }

    private func failure() -> SQLFailure { SQLFailure(lastOf: connection, sql: sql) }

    private func rewind() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    private func refreshColumns() {
        let preparations = sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_REPREPARE, 0)
        guard preparations != columnsPreparation else { return }
        columnsPreparation = preparations
        columns = SQLColumns(
            (0..<sqlite3_column_count(handle)).map { place in
                sqlite3_column_name(handle, place).map { String(cString: $0) } ?? ""
            })
    }

    // MARK: - Values

    /// Makes SQLite copy the bytes before the call returns.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private func bind(_ binds: [SQLValue]) throws(SQLFailure) {
        for (index, value) in binds.enumerated() {
            let place = Int32(index + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(handle, place)
                case .integer(let number): sqlite3_bind_int64(handle, place, number)
                case .real(let number): sqlite3_bind_double(handle, place, number)
                case .boolean(let flag): sqlite3_bind_int64(handle, place, flag ? 1 : 0)
                case .text(let text): try bind(text, at: place)
                case .blob(let bytes) where bytes.isEmpty: sqlite3_bind_zeroblob(handle, place, 0)
                case .blob(let bytes):
                    sqlite3_bind_blob64(handle, place, bytes, sqlite3_uint64(bytes.count), Self.copied)
                }
            guard code == SQLITE_OK else { throw failure() }
        }
    }

    private func bind(_ text: String, at place: Int32) throws(SQLFailure) -> Int32 {
        guard !text.holds(0) else {
            throw SQLFailure(.decoding, "text with a NUL character can not be stored", sql: sql)
        }
        let encoding = UInt8(truncatingIfNeeded: SQLITE_UTF8)
        return sqlite3_bind_text64(handle, place, text, sqlite3_uint64(text.utf8.count), Self.copied, encoding)
    }

    private func value(at place: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, place) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, place))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, place))
        case SQLITE_TEXT:
            // The pointer first: asking for it may convert the value and so change its length.
            let start = sqlite3_column_text(handle, place)
            let count = Int(sqlite3_column_bytes(handle, place))
            return .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(handle, place)
            let count = Int(sqlite3_column_bytes(handle, place))
            return .blob(Array(UnsafeRawBufferPointer(start: start, count: count)))
        default: return .null
        }
    }
}
