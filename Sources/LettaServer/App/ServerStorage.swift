import LettaAPI
package import Logging
import ModelProviders
package import Storage
import StoragePostgres
import StorageSQLite

/// Opens the configured database and migrates it.
package enum ServerStorage {
    /// - Throws: `StartUpFailure` when it can't be opened.
    package static func open(
        _ configuration: ServerConfiguration, folder: DataFolder, logger: Logger
    ) async throws -> any StorageEngine {
        do {
            if let uri = configuration.data.postgresURI {
                return try await PostgresEngine(uri: uri.reveal(), logger: logger)
            }
            return try SQLiteEngine(path: folder.database, logger: logger)
        } catch let failure as SQLFailure {
            let place = configuration.data.postgresURI == nil ? "The database \(folder.database)" : "The database"
            throw StartUpFailure.storage("\(place) can't be opened: \(failure.message)")
        }
    }

    package static let migrator = Migrator(AllMigrations.migrations)

    /// Whether the database holds nothing yet.
    static func isNew(_ storage: any StorageEngine) async throws -> Bool {
        do {
            return try await migrator.status(of: storage).current == 0
        } catch let failure as SQLFailure {
            throw StartUpFailure.storage("The database can't be read: \(failure.message)")
        }
    }

    /// Applies the pending migrations; an SQLite file is copied first. Indexes the words of what was stored before there were
    /// such indexes.
    ///
    /// - Throws: `StartUpFailure` when other servers use a PostgreSQL database that has to change, or a migration fails.
    package static func migrate(
        _ storage: any StorageEngine, folder: DataFolder, logger: Logger
    ) async throws -> [String] {
        do {
            // An SQLite file is protected by the lock of the data folder.
            let status = try await migrator.status(of: storage)
            if storage.dialect == .postgres, !status.pending.isEmpty, status.current >= Migration.servers.number {
                let others = try await storage.read { db in try ServerStore.list(db) }.filter {
                    $0.silenceMs * 1_000 < ServerStore.longestSilence
                }
                guard others.isEmpty else {
                    throw StartUpFailure.storage(
                        """
                        The database has to be migrated, and other servers use it: \
                        \(others.map(\.address).joined(separator: ", ")). Stop them first, and start them again with this version.
                        """)
                }
            }
            let applied = try await migrator.up(storage, keepingCopyIn: folder.backups)
            try await WordIndexBuilder(storage: storage, logger: logger).run()
            return applied
        } catch let failure as SQLFailure {
            throw StartUpFailure.storage("The migration of the database failed: \(failure.message)")
        }
    }

    /// The error response for a database failure; nil for faults of the server itself.
    static func translate(_ error: any Error) -> APIError? {
        if error is FencedServer { return .unavailable("\(error)", underlying: error) }
        guard let failure = error as? SQLFailure else { return nil }
        switch failure.kind {
        case .unavailable, .busy, .timedOut:
            return .unavailable("The database is unavailable. Nothing was changed. Retry later.", underlying: failure)
        case .outcomeUnknown:
            // Without Retry-After: a repetition may store the change twice.
            return APIError(
                status: 503,
                body: .detail(
                    """
                    The database failed during a commit. The change may or may not have been stored: read before you \
                    repeat it.
                    """), underlying: failure)
        case .uniqueViolation, .foreignKeyViolation:
            return APIError(
                status: 409, body: .detail("This conflicts with existing data. Nothing was changed."),
                underlying: failure)
        case .cancelled:
            return APIError(499, "The request was cancelled. Nothing was changed.")
        case .checkViolation, .unsupported, .newerSchema, .decoding, .other:
            return nil
        }
    }
}
