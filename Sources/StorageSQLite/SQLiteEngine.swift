package import Logging
package import Storage

/// Stores everything in one SQLite file, or in memory for tests.
///
/// Writes run one after the other on a thread of their own, reads beside them on a few others, each seeing
/// the database as of its start (write-ahead log).
///
/// The threads are ours rather than those of GRDB's pool: an asynchronous read there costs 60 µs more than a
/// synchronous one, a cancelled task can not leave its line, and it keeps every statement it has ever prepared.
package final class SQLiteEngine: StorageEngine {
    private let writer: ConnectionThreads<SQLiteConnection>
    /// The same as `writer` in memory, where there is one connection only.
    private let readers: ConnectionThreads<SQLiteConnection>
    /// `nil` in memory.
    private let path: String?
    private let logger: Logger?

    package var dialect: Dialect { .sqlite }

    /// Makes the file, with access for its owner only, if it does not exist. Blocks for some milliseconds.
    package init(path: String, readers: Int = 8, logger: Logger) throws(SQLFailure) {
        try SQLiteFile.makePrivate(path)
        // Opened once here, so that what is wrong with the file is said at the start.
        let trial = SQLiteConnection(.file(path, readOnly: false))
        _ = try trial.open()
        trial.close()
        self.path = path
        self.logger = logger
        // Syncing is most of what a small write costs: those that wait for each other share it.
        let grouping = ConnectionThreads<SQLiteConnection>.Grouping(limit: 64, patience: .milliseconds(10)) {
            try $0.together($1)
        }
        writer = Self.threads("sqlite-write", 1, .busy, grouping) { SQLiteConnection(.file(path, readOnly: false)) }
        self.readers = Self.threads("sqlite-read", readers, .unavailable) {
            SQLiteConnection(.file(path, readOnly: true))
        }
    }

    private init() {
        path = nil
        logger = nil
        writer = Self.threads("sqlite-memory", 1, .busy) { SQLiteConnection(.memory) }
        readers = writer
    }

    /// A database that lasts as long as the engine.
    package static func inMemory() throws(SQLFailure) -> SQLiteEngine {
        SQLiteEngine()
    }

    private static func threads(
        _ name: String, _ limit: Int, _ whenLate: SQLFailure.Kind,
        _ grouping: ConnectionThreads<SQLiteConnection>.Grouping? = nil,
        _ connect: @escaping @Sendable () -> SQLiteConnection
    ) -> ConnectionThreads<SQLiteConnection> {
        ConnectionThreads(
            name: name, limit: limit, patience: .seconds(10),
            whenLate: SQLFailure(whenLate, "no connection was free within 10 seconds"), grouping: grouping,
            connect: connect, disconnect: { $0.close() }, tidy: { $0.shortenLog() })
    }

    package func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await readers.run { connection, interruption in
            try connection.transaction(readOnly: true, interruption, body)
        }
    }

    @discardableResult
    package func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await writer.run { connection, interruption in
            let value = try connection.transaction(readOnly: false, interruption, body)
            try connection.sync()
            return value
        }
    }

    /// Takes one reader's place for as long as the copy takes; writers go on.
    package func backup(to path: String) async throws {
        try await readers.run { [source = self.path] connection, _ in
            try SQLiteFile.writeCompletely(to: path) { partial throws(SQLFailure) in
                // A read-only connection can not write the copy either.
                let copying = source.map { SQLiteConnection(.file($0, readOnly: false)) } ?? connection
                defer { if source != nil { copying.close() } }
                try copying.withoutTransaction("VACUUM INTO ?", partial)
            }
        }
    }

    /// Leaves a file without a log beside it, if nobody else has it open.
    package func close() async {
        if path != nil {
            await readers.close()
            do {
                try await writer.run(alone: true) { connection, _ in
                    try connection.withoutTransaction("PRAGMA wal_checkpoint(TRUNCATE)")
                }
            } catch {
                logger?.warning("The write-ahead log stays beside the database", metadata: ["error": "\(error)"])
            }
        }
        await writer.close()
    }
}
