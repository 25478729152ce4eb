package import Logging
package import Storage
import Synchronization

/// Stores everything in a PostgreSQL database.
///
/// Each connection has a thread of its own, which runs whole transactions. Connections are made when they are needed, and
/// again after they were lost.
package final class PostgresEngine: SharedStorageEngine {
    private let settings: PostgresSettings
    private let threads: ConnectionThreads<PostgresConnection>
    private let lock = Mutex<PostgresLock?>(nil)
    private let fence = Mutex<(@Sendable (any SQLExecutor) throws -> Void)?>(nil)
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

    /// A session lock; see ``PostgresLock``.
    package func holdLock(_ name: String, hearing hear: @escaping @Sendable (String?) -> Void) async throws {
        let held = try await PostgresLock.acquire(name, settings, hearing: hear, logger: logger)
        lock.withLock { $0 = held }
    }

    package func setFence(_ fence: @escaping @Sendable (any SQLExecutor) throws -> Void) {
        self.fence.withLock { $0 = fence }
    }

    package func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await threads.run { connection, interruption in
            try connection.transaction(readOnly: true, interruption, body)
        }
    }

    @discardableResult
    package func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        let fence = fence.withLock { $0 }
        return try await threads.run { connection, interruption in
            try connection.transaction(readOnly: false, interruption) { executor in
                try fence?(executor)
                return try body(executor)
            }
        }
    }

    package func backup(to path: String) async throws {
        throw SQLFailure(
            .unsupported, "a PostgreSQL database is copied with its own tool: pg_dump --format=custom --file=\(path)")
    }

    package func close() async {
        await threads.close()
        await lock.withLock { $0 }?.release()
    }
}
