package import Logging
package import Storage
import Synchronization

/// Stores everything in a PostgreSQL database.
///
/// Each connection has a thread of its own, which runs whole transactions. Connections are made when they are needed, and
/// again after they were lost.
package final class PostgresEngine: StorageEngine {
    private let settings: PostgresSettings
    private let threads: ConnectionThreads<PostgresConnection>
    private let serverLock = Mutex<PostgresServerLock?>(nil)
    private let logger: Logger

    package var dialect: Dialect { .postgres }

    /// Makes the first connection, so that what is wrong with the URI or the server is said at the start.
    ///
    /// - Parameter uri: as libpq takes it, or as other drivers do (`postgresql+asyncpg://…?ssl=disable`).
    package init(uri: String, connections: Int = 8, logger: Logger) async throws {
        let settings = try PostgresSettings(uri: uri)
        self.settings = settings
        self.logger = logger
        threads = ConnectionThreads(
            limit: connections, timeoutKind: .unavailable,
            connect: { PostgresConnection(settings, logger: logger) }, disconnect: { $0.close() })
        do {
            try await threads.run { connection, _ in _ = try connection.open() }
        } catch {
            await threads.close()
            throw error
        }
    }

    /// Keeps other servers off this database until ``close()``; see ``PostgresServerLock``.
    ///
    /// - Throws: `.busy` when another server has it.
    package func lockOutOtherServers() async throws {
        let lock = try await PostgresServerLock.acquire(settings, logger: logger)
        serverLock.withLock { $0 = lock }
    }

    package func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await threads.run { connection, interruption in
            try connection.transaction(readOnly: true, interruption, body)
        }
    }

    @discardableResult
    package func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await threads.run { [self] connection, interruption in
            try checkServerLock()
            return try connection.transaction(readOnly: false, interruption) { executor in
                let value = try body(executor)
                // Once more, as late as possible: the write may have waited for a lock of another transaction.
                try checkServerLock()
                return value
            }
        }
    }

    private func checkServerLock() throws(SQLFailure) {
        guard serverLock.withLock({ $0?.isHeld ?? true }) else {
            throw SQLFailure(.unavailable, "the lock that keeps other servers off the database is lost")
        }
    }

    package func backup(to path: String) async throws {
        throw SQLFailure(
            .unsupported, "a PostgreSQL database is copied with its own tool: pg_dump --format=custom --file=\(path)")
    }

    package func close() async {
        await threads.close()
        await serverLock.withLock { $0 }?.release()
    }
}
