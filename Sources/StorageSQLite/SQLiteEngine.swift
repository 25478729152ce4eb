package import Logging
package import Storage

/// Stores everything in one SQLite file, or in memory for tests.
///
/// One connection writes, a few others read, each from the snapshot of its start (write-ahead log). Writes that wait in
/// the queue share one commit.
package final class SQLiteEngine: StorageEngine {
    private let writer: ConnectionThreads<SQLiteConnection>
    /// The same as `writer` in memory, where there is one connection only.
    private let readers: ConnectionThreads<SQLiteConnection>
    /// Nil in memory.
    private let file: (path: String, vfs: String?)?
    private let logger: Logger?

    package var dialect: Dialect { .sqlite }

    /// Makes the file, with access for its owner only, if it does not exist. Blocks for some milliseconds.
    ///
    /// - Parameter vfs: a registered VFS of SQLite that disturbs the file system, for tests; nil for the default.
    package init(path: String, readers: Int = 8, vfs: String? = nil, logger: Logger) throws(SQLFailure) {
        try SQLiteFile.makePrivate(path)
        // Opened once here, so that what is wrong with the file is said at the start.
        let trial = SQLiteConnection(.file(path, readOnly: false, vfs: vfs))
        try trial.open()
        trial.close()
        file = (path, vfs)
        self.logger = logger
        writer = ConnectionThreads(
            limit: 1, timeoutKind: .busy,
            // The fsync is most of what a small write costs.
            groupCommit: .init(limit: 64, window: .milliseconds(10)) { try $0.groupCommit($1) },
            connect: { SQLiteConnection(.file(path, readOnly: false, vfs: vfs)) }, disconnect: { $0.close() })
        self.readers = ConnectionThreads(
            limit: readers, timeoutKind: .unavailable,
            connect: { SQLiteConnection(.file(path, readOnly: true, vfs: vfs)) }, disconnect: { $0.close() })
    }

    /// Opens another program's file to read it: nothing is written to it, not even its journal mode.
    package init(reading path: String) throws(SQLFailure) {
        let trial = SQLiteConnection(.file(path, readOnly: true, vfs: nil))
        try trial.open()
        trial.close()
        file = nil
        logger = nil
        writer = ConnectionThreads(
            limit: 2, timeoutKind: .unavailable,
            connect: { SQLiteConnection(.file(path, readOnly: true, vfs: nil)) }, disconnect: { $0.close() })
        readers = writer
    }

    private init() {
        file = nil
        logger = nil
        writer = ConnectionThreads(
            limit: 1, timeoutKind: .busy,
            connect: { SQLiteConnection(.memory) }, disconnect: { $0.close() })
        readers = writer
    }

    /// A database that lasts as long as the engine.
    package static func inMemory() -> SQLiteEngine {
        SQLiteEngine()
    }

    package func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await readers.run { connection, interruption in
            try connection.transaction(readOnly: true, interruption, body)
        }
    }

    @discardableResult
    package func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await writer.run { connection, interruption in
            try connection.transaction(readOnly: false, interruption, body)
        }
    }

    /// Occupies one reader for as long as the copy takes; writers go on.
    package func backup(to path: String) async throws {
        try await readers.run { [file] connection, _ in
            try SQLiteFile.writeCompletely(to: path) { partial throws(SQLFailure) in
                // A read-only connection can not write the copy either.
                let copying = file.map { SQLiteConnection(.file($0.path, readOnly: false, vfs: $0.vfs)) } ?? connection
                defer { if file != nil { copying.close() } }
                try copying.run("VACUUM INTO ?", [.text(partial)])
            }
        }
    }

    /// Leaves a file without a log beside it, if no other process has it open.
    package func close() async {
        if let file {
            await readers.close()
            do {
                // Readers can't delete the log: a connection that can has to be the last one.
                try await writer.run { connection, _ in _ = try connection.open() }
            } catch {
                logger?.warning("The database was not checkpointed", metadata: ["error": "\(error)"])
            }
            await writer.close()
            if SQLiteFile.exists(file.path + "-wal") {
                // As it has to where another process, such as the server beside a command, has the file open.
                logger?.debug("The write-ahead log stays beside the database", metadata: ["file": "\(file.path)"])
            }
        } else {
            await writer.close()
        }
    }
}
