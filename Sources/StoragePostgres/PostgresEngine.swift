package import Logging
package import Storage

/// Stores everything in a PostgreSQL database, so that more than one machine can serve it.
///
/// Each connection has a thread of its own, which runs whole transactions. Connections are made when they
/// are needed, and again after they were lost.
package final class PostgresEngine: StorageEngine {
    private let threads: ConnectionThreads<PostgresConnection>

    package var dialect: Dialect { .postgres }

    /// Makes the first connection, so that what is wrong with the URI or the server is said at the start.
    ///
    /// - Parameter uri: as libpq takes it, or as other drivers do (`postgresql+asyncpg://…?ssl=disable`).
    package init(uri: String, connections: Int = 8, logger: Logger) async throws {
        let settings = try PostgresSettings(uri: uri)
        threads = ConnectionThreads(
            name: "postgres", limit: connections, patience: .seconds(10),
            whenLate: SQLFailure(.unavailable, "no connection was free within 10 seconds"),
            connect: { PostgresConnection(settings, logger: logger) }, disconnect: { $0.close() })
        do {
            try await threads.run { connection, _ in _ = try connection.open() }
        } catch {
            await threads.close()
            throw error
        }
    }

    package func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
    }

    @discardableResult
    package func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await transaction(Self.beginWriting, body)
    }

    private static let beginWriting = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"

    private func transaction<T: Sendable>(
        _ begin: String, _ body: @escaping @Sendable (any SQLExecutor) throws -> T
    ) async throws -> T {
        try await threads.run { connection, interruption in
            try connection.transaction(begin, interruption, body)
        }
    }

    package func backup(to path: String) async throws {
        throw SQLFailure(
            .unsupported, "a PostgreSQL database is copied with its own tool: pg_dump --format=custom --file=\(path)")
    }

    package func close() async {
        await threads.close()
    }
}
