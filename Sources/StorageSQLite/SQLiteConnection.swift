import CSQLite
import Storage

/// One connection to a SQLite database, confined to one thread. Opens at its first use.
final class SQLiteConnection {
    enum Location {
        case memory
        /// - Parameter vfs: a registered VFS; nil for SQLite's default.
        case file(String, readOnly: Bool, vfs: String?)
    }

    /// Enough for every statement of the program; `IN` lists of many lengths come on top.
    private static let statementLimit = 256
    /// Large, because a checkpoint writes a page once, however often it is in the log.
    private static let pagesBeforeCheckpoint = 4000
    private static let busyTimeoutInMilliseconds: Int32 = 10_000

    private let location: Location
    private var handle: OpaquePointer?
    private var statements: [String: SQLiteStatement] = [:]
    private var uses = 0
    private var isInGroup = false

    init(_ location: Location) {
        self.location = location
    }

    // MARK: - Opening

    @discardableResult
    func open() throws(SQLFailure) -> OpaquePointer {
        if let handle { return handle }
        var (path, vfs, flags) = (":memory:", String?.none, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        if case .file(let file, let readOnly, let fileVFS) = location {
            (path, vfs) = (file, fileVFS)
            if readOnly { flags = SQLITE_OPEN_READONLY }
        }
        var opened: OpaquePointer?
        // No mutex of SQLite's own: one thread uses the connection.
        let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs)
        do throws(SQLFailure) {
            guard code == SQLITE_OK, let opened else { throw SQLFailure(lastOf: opened) }
            try configure(opened)
            handle = opened
            return opened
        } catch {
            sqlite3_close_v2(opened)
            throw error
        }
    }

    private func configure(_ opened: OpaquePointer) throws(SQLFailure) {
        sqlite3_busy_timeout(opened, Self.busyTimeoutInMilliseconds)
        // Text between double quotes is a name, as on PostgreSQL, and an error where there is no such name.
        for option in [SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML] { _ = csqlite_config_flag(opened, option, 0) }
        var pragmas = ["foreign_keys = ON", "temp_store = MEMORY"]
        switch location {
        case .memory: break
        // Cache sizes are in KiB and for each connection; the system's page cache is behind them.
        case .file(_, readOnly: true, _): pragmas.append("cache_size = -2000")
        case .file(_, readOnly: false, _):
            let mode = try SQLiteStatement("PRAGMA journal_mode = WAL", on: opened).rows([]).first
            guard try mode?["journal_mode"] == "wal" else {
                throw SQLFailure(.unavailable, "the database can not have a write-ahead log where it is")
            }
            pragmas += [
                // COMMIT returns after the fsync of the log.
                "synchronous = FULL", "wal_autocheckpoint = \(Self.pagesBeforeCheckpoint)",
                "cache_size = -8000", "journal_size_limit = 67108864",
                // Debian's SQLite overwrites deleted content with zeros, which costs writes.
                "secure_delete = OFF",
            ]
        }
        for pragma in pragmas { _ = try SQLiteStatement("PRAGMA \(pragma)", on: opened).execute([]) }
    }

    /// The last connection of a file to be closed checkpoints the log and deletes it.
    func close() {
        statements = [:]
        sqlite3_close_v2(handle)
        handle = nil
    }

    // MARK: - Transactions

    /// Runs `body` in one transaction. A cancellation of `interruption` stops the statement that runs, but never a commit.
    func transaction<T>(
        readOnly: Bool, _ interruption: Interruption, _ body: (any SQLExecutor) throws -> T
    ) throws -> T {
        try open()
        if isInGroup { return try savepoint(interruption, body) }
        // A connection in memory reads and writes; one that reads a file is opened read-only.
        let isGuarded = if case .memory = location { readOnly } else { false }
        if isGuarded { try run("PRAGMA query_only = ON") }
        defer {
            // Fails only without memory, and then the next write fails and says so.
            if isGuarded { try? run("PRAGMA query_only = OFF") }
        }
        try run(readOnly ? "BEGIN DEFERRED" : "BEGIN IMMEDIATE")
        do {
            let result = try runBody(interruption, body)
            try commit()
            return result
        } catch {
            rollback()
            throw error
        }
    }

    /// Commits the write transactions that `work` runs as one. When this throws, all of them are rolled back.
    func groupCommit(_ work: () -> Void) throws {
        try run("BEGIN IMMEDIATE")
        isInGroup = true
        work()
        isInGroup = false
        do {
            try checkGroupIsOpen()
            try commit()
        } catch {
            rollback()
            throw error
        }
    }

    /// Runs `body` as one transaction of a group: it is rolled back alone.
    private func savepoint<T>(_ interruption: Interruption, _ body: (any SQLExecutor) throws -> T) throws -> T {
        try checkGroupIsOpen()
        try run("SAVEPOINT member")
        do {
            let result = try runBody(interruption, body)
            try run("RELEASE member")
            return result
        } catch {
            do {
                try run("ROLLBACK TO member")
                try run("RELEASE member")
            } catch {
                // Nothing of the group may be kept when this member can't be rolled back.
                rollback()
            }
            throw error
        }
    }

    /// An interrupted write or a full disk ends the whole transaction; a savepoint would silently begin another one.
    private func checkGroupIsOpen() throws(SQLFailure) {
        guard isInTransaction else { throw SQLFailure(.other, "the group's transaction was rolled back") }
    }

    private var isInTransaction: Bool { handle.map { sqlite3_get_autocommit($0) == 0 } ?? false }

    private func runBody<T>(_ interruption: Interruption, _ body: (any SQLExecutor) throws -> T) throws -> T {
        // SQLite calls this every 2,000 instructions. Unlike `sqlite3_interrupt` it can't come too early, between two
        // statements, or too late, for the next user of the connection.
        sqlite3_progress_handler(
            handle, 2000,
            { context in
                guard let context else { return 0 }
                return Unmanaged<Interruption>.fromOpaque(context).takeUnretainedValue().isCancelled ? 1 : 0
            }, Unmanaged.passUnretained(interruption).toOpaque())
        defer { sqlite3_progress_handler(handle, 0, nil, nil) }
        let executor = SQLiteExecutor(self, interruption)
        let result = try body(executor)
        if let failure = executor.failure { throw failure }
        return result
    }

    private func commit() throws(SQLFailure) {
        do throws(SQLFailure) {
            try run("COMMIT")
        } catch {
            // The log may hold the whole transaction, and a start after a crash would find it there.
            let isUnknown = [SQLITE_IOERR, SQLITE_NOMEM].contains(sqlite3_errcode(handle) & 0xff)
            throw isUnknown ? SQLFailure(.outcomeUnknown, error.message, sql: error.sql) : error
        }
    }

    private func rollback() {
        // SQLite rolls back by itself after some errors, and whenever ROLLBACK fails.
        if isInTransaction { try? run("ROLLBACK") }
    }

    // MARK: - Statements

    /// Runs a statement of the engine's own.
    func run(_ sql: String, _ binds: [SQLValue] = []) throws(SQLFailure) {
        _ = try statement(sql).execute(binds)
    }

    func statement(_ sql: String) throws(SQLFailure) -> SQLiteStatement {
        uses += 1
        if let statement = statements[sql] {
            statement.lastUse = uses
            return statement
        }
        if statements.count >= Self.statementLimit,
            let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            statements[oldest.key] = nil
        }
        let statement = try SQLiteStatement(sql, on: open())
        statement.lastUse = uses
        statements[sql] = statement
        return statement
    }
}

/// Runs a transaction's statements on its connection.
final class SQLiteExecutor: SQLExecutor {
    private let connection: SQLiteConnection
    private let interruption: Interruption
    /// The first failure: nothing runs after it. SQLite could go on, PostgreSQL can not.
    private(set) var failure: SQLFailure?

    init(_ connection: SQLiteConnection, _ interruption: Interruption) {
        self.connection = connection
        self.interruption = interruption
    }

    var dialect: Dialect { .sqlite }

    func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
        try run(sql) { (statement, binds) throws(SQLFailure) in try statement.rows(binds) }
    }

    func execute(_ sql: SQLText) throws(SQLFailure) -> Int {
        try run(sql) { (statement, binds) throws(SQLFailure) in try statement.execute(binds) }
    }

    private func run<T>(
        _ sql: SQLText, _ body: (SQLiteStatement, [SQLValue]) throws(SQLFailure) -> T
    ) throws(SQLFailure) -> T {
        if let failure { throw failure }
        do throws(SQLFailure) {
            if interruption.isCancelled {
                throw SQLFailure(.cancelled, "cancelled before the statement", sql: sql.text)
            }
            return try body(connection.statement(sql.text), sql.binds)
        } catch {
            failure = error
            throw error
        }
    }
}
