import GRDB
import GRDBSQLite
import Storage

/// One connection to a SQLite database, confined to the thread that made it. Opens at its first use.
final class SQLiteConnection {
    enum Place {
        case memory
        case file(String, readOnly: Bool)
    }

    /// Enough for every statement of the program; what comes on top are `IN` lists of many lengths.
    private static let statementsKept = 256
    /// A page that is written often goes into the database once for all the times it is in the log.
    private static let pagesBeforeCheckpoint: Int32 = 4000

    private let place: Place
    private var queue: DatabaseQueue?
    private var statements: [String: SQLiteStatement] = [:]
    private var uses = 0
    /// Open while several transactions are made one.
    private var group: Database?
    /// Whether the log may hold what is not synced to the disk; a process before this one may have left such.
    private var owesSync = true
    /// How many pages the log had after the last transaction.
    private var pagesInLog: Int32 = 0
    /// Set for ever when a sync failed: what the log holds is not known any more, and nothing may be put behind it.
    private var brokenBy: SQLFailure?

    init(_ place: Place) {
        self.place = place
    }

    func open() throws(SQLFailure) -> DatabaseQueue {
        if let queue { return queue }
        do {
            let opened =
                switch place {
                case .memory: try DatabaseQueue(configuration: Self.configuration(readOnly: false))
                case .file(let path, let readOnly):
                    try DatabaseQueue(path: path, configuration: Self.configuration(readOnly: readOnly, isFile: true))
                }
            if case .file(_, readOnly: false) = place { opened.inDatabase(keepLogToOurselves) }
            queue = opened
            return opened
        } catch {
            throw Self.failure(error)
        }
    }

    func close() {
        statements = [:]
        // The file is consistent whether or not SQLite could tidy up.
        try? queue?.close()
        queue = nil
    }

    /// Runs `body` in one transaction. A cancellation of `interruption` stops the statement that runs.
    ///
    /// What it wrote survives a loss of power when ``sync()`` has returned, or ``together(_:)`` where it is a part of that.
    func transaction<T>(
        readOnly: Bool, _ interruption: Interruption, _ body: (any SQLExecutor) throws -> T
    ) throws -> T {
        if let group { return try part(of: group, interruption, body) }
        if let brokenBy { throw brokenBy }
        let queue = try open()
        return try queue.inDatabase { database in
            Self.stopWhenCancelled(database, interruption)
            defer { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) }
            // A connection in memory is for both; one to a file is opened read-only.
            let isGuarded = if case .memory = place { readOnly } else { false }
            if isGuarded { try database.execute(sql: "PRAGMA query_only = 1") }
            defer {
                // Can only fail when the connection is closed, and then nothing is left to guard.
                if isGuarded { try? database.execute(sql: "PRAGMA query_only = 0") }
            }
            try control(database, readOnly ? "BEGIN DEFERRED" : "BEGIN IMMEDIATE")
            return try finish(database, SQLiteExecutor(self, database, interruption), body)
        }
    }

    // MARK: - The log

    /// SQLite neither syncs the log after a transaction (GRDB sets `synchronous = NORMAL`) nor brings it into the
    /// database by itself: it would keep an error of the latter's sync to itself, and make somebody wait for it.
    private func keepLogToOurselves(_ database: Database) {
        sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                let connection = Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue()
                connection.pagesInLog = pages
                connection.owesSync = true
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Makes what transactions wrote survive a loss of power.
    func sync() throws(SQLFailure) {
        // What is a part of several is synced with all of them.
        guard owesSync, group == nil else { return }
        owesSync = false
        do {
            try open().inDatabase { database in
                var log: UnsafeMutablePointer<sqlite3_file>?
                sqlite3_file_control(database.sqliteConnection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log)
                // A database in memory has no log and nothing to sync.
                guard let sync = log?.pointee.pMethods?.pointee.xSync else { return }
                let code = sync(log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY)
                if code != SQLITE_OK { throw Self.diskFailure(code) }
            }
        } catch {
            let failure = Self.failure(error)
            brokenBy = failure
            throw failure
        }
    }

    private static func diskFailure(_ code: Int32) -> SQLFailure {
        SQLFailure(
            sqliteCode: code, message: "the disk failed to keep what was written; start the server again", sql: nil)
    }

    /// Brings the log into the database when it has grown long. It may take some milliseconds.
    func shortenLog() {
        guard pagesInLog >= Self.pagesBeforeCheckpoint, brokenBy == nil else { return }
        do {
            try open().inDatabase { database in
                let code = sqlite3_wal_checkpoint_v2(
                    database.sqliteConnection, "main", SQLITE_CHECKPOINT_PASSIVE, nil, nil)
                // On a full disk, or while others read what was before, the rest stays for the next time.
                if code & 0xff == SQLITE_IOERR { throw Self.diskFailure(code) }
            }
        } catch {
            brokenBy = Self.failure(error)
        }
    }

    /// Makes the write transactions that `work` runs one, which is synced to the disk once. When this throws, none of
    /// them has happened, or the disk has failed and the connection refuses all that follows.
    func together(_ work: () -> Void) throws {
        if let brokenBy { throw brokenBy }
        try open().inDatabase { database in
            try database.beginTransaction(.immediate)
            group = database
            defer { group = nil }
            work()
            do {
                try Self.checkOpen(database)
                try database.commit()
            } catch {
                // A failed rollback means that SQLite has rolled back by itself.
                try? database.rollback()
                throw error
            }
        }
        try sync()
    }

    /// Runs `body` as a transaction inside of the open one: it fails and is undone alone.
    private func part<T>(
        of group: Database, _ interruption: Interruption, _ body: (any SQLExecutor) throws -> T
    ) throws -> T {
        try Self.checkOpen(group)
        Self.stopWhenCancelled(group, interruption)
        defer { sqlite3_progress_handler(group.sqliteConnection, 0, nil, nil) }
        try control(group, "SAVEPOINT part")
        do {
            let executor = SQLiteExecutor(self, group, interruption)
            let result = try body(executor)
            if let failure = executor.failure { throw failure }
            try control(group, "RELEASE part")
            return result
        } catch {
            // Undoing must not be stopped half-way.
            sqlite3_progress_handler(group.sqliteConnection, 0, nil, nil)
            do {
                try control(group, "ROLLBACK TO part")
                try control(group, "RELEASE part")
            } catch {
                // Nothing of the group may be kept when this part of it can't be undone.
                try? group.rollback()
            }
            throw error
        }
    }

    private func control(_ database: Database, _ sql: String) throws(SQLFailure) {
        _ = try statement(sql, on: database).execute([])
    }

    /// An interrupted write or a full disk ends the whole transaction; a savepoint would then silently begin another.
    private static func checkOpen(_ group: Database) throws(SQLFailure) {
        guard group.isInsideTransaction else { throw SQLFailure(.other, "the transaction was rolled back") }
    }

    private func finish<T>(
        _ database: Database, _ executor: SQLiteExecutor, _ body: (any SQLExecutor) throws -> T
    ) throws -> T {
        do {
            let result = try body(executor)
            if let failure = executor.failure { throw failure }
            try control(database, "COMMIT")
            return result
        } catch {
            // A failed rollback means that SQLite has rolled back by itself.
            try? database.rollback()
            throw error
        }
    }

    /// Runs one statement that must be outside of a transaction.
    func withoutTransaction(_ sql: String, _ arguments: String...) throws(SQLFailure) {
        if let brokenBy { throw brokenBy }
        let queue = try open()
        do {
            try queue.inDatabase { try $0.execute(sql: sql, arguments: StatementArguments(arguments)) }
        } catch {
            throw Self.failure(error)
        }
    }

    func statement(_ sql: String, on database: Database) throws(SQLFailure) -> SQLiteStatement {
        uses += 1
        if let statement = statements[sql] {
            statement.lastUse = uses
            return statement
        }
        if statements.count >= Self.statementsKept,
            let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            statements[oldest.key] = nil
        }
        let statement = try SQLiteStatement(sql: sql, on: database)
        statement.lastUse = uses
        statements[sql] = statement
        return statement
    }

    static func failure(_ error: any Error) -> SQLFailure {
        switch error {
        case let failure as SQLFailure: failure
        case let error as DatabaseError: SQLFailure(error, sql: nil)
        default: SQLFailure(.other, "\(error)")
        }
    }

    private static func configuration(readOnly: Bool, isFile: Bool = false) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        if isFile, !readOnly { configuration.journalMode = .wal }
        configuration.prepareDatabase { database in
            // In KiB, for each of the connections; behind them the system keeps the file in memory too.
            try database.execute(sql: "PRAGMA cache_size = \(readOnly ? -2000 : -8000)")
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            guard !readOnly else { return }
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
            // Debian's SQLite overwrites deleted content with zeros, which costs writes.
            try database.execute(sql: "PRAGMA secure_delete = OFF")
        }
        return configuration
    }

    /// SQLite asks every so many instructions whether to go on. Unlike `sqlite3_interrupt` this can not come
    /// too early, between two statements, or too late, for the next user.
    private static func stopWhenCancelled(_ database: Database, _ interruption: Interruption) {
        let context = Unmanaged.passUnretained(interruption).toOpaque()
        sqlite3_progress_handler(
            database.sqliteConnection, 2000,
            { context in
                guard let context else { return 0 }
                return Unmanaged<Interruption>.fromOpaque(context).takeUnretainedValue().isCancelled ? 1 : 0
            }, context)
    }
}

/// Runs a transaction's statements on its connection.
final class SQLiteExecutor: SQLExecutor {
    private let connection: SQLiteConnection
    private let database: Database
    private let interruption: Interruption
    /// The first failure: nothing runs after it. SQLite could go on, PostgreSQL can not.
    private(set) var failure: SQLFailure?

    init(_ connection: SQLiteConnection, _ database: Database, _ interruption: Interruption) {
        self.connection = connection
        self.database = database
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
            return try body(connection.statement(sql.text, on: database), sql.binds)
        } catch {
            failure = error
            throw error
        }
    }
}
