import Glibc

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Brings a database to the newest version, one transaction for each migration.
///
/// Safe to run from several processes at once: each migration is checked for again under the lock of its
/// transaction.
package struct Migrator: Sendable {
    private static let copiesKept = 5
    private let migrations: [Migration]
    private let now: @Sendable () -> Int64

    package init(_ migrations: [Migration]) {
        self.init(migrations, now: { Int64(Date().timeIntervalSince1970 * 1_000_000) })
    }

    /// - Parameter now: microseconds UTC, recorded with a migration and in the name of a kept copy.
    package init(_ migrations: [Migration], now: @escaping @Sendable () -> Int64) {
        self.migrations = migrations
        self.now = now
    }

    /// Reads only: a new database is version 0.
    package func status(of engine: any StorageEngine) async throws -> MigrationStatus {
        try checkNumbers()
        let current = try await engine.read { db in try Self.currentVersion(db) }
        return MigrationStatus(
            current: current, latest: migrations.count, pending: migrations.dropFirst(current).map(\.name))
    }

    /// Applies what is pending and returns the names of what was applied, here and not by another process.
    ///
    /// - Parameter folder: where a copy of a SQLite database that holds something is kept before the first
    ///   pending migration; `nil` keeps none.
    /// - Throws: `.newerSchema` when the database is ahead of this program.
    package func up(_ engine: any StorageEngine, keepingCopyIn folder: String?) async throws -> [String] {
        let status = try await status(of: engine)
        try checkNotNewer(status.current)
        guard status.current < status.latest else { return [] }
        if let folder { try await keepCopy(of: engine, before: status.current + 1, in: folder) }
        var applied: [String] = []
        for migration in migrations.dropFirst(status.current) {
            let isNew = try await engine.write { db in
                for statement in db.dialect.migrationPreamble { _ = try db.rows(statement) }
                let current = try Self.currentVersion(db)
                try checkNotNewer(current)
                guard current < migration.number else { return false }
                try apply(migration, db)
                return true
            }
            if isNew { applied.append(migration.name) }
        }
        return applied
    }

    // MARK: - Numbers

    private func checkNumbers() throws(SQLFailure) {
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            throw SQLFailure(
                .other, "migration \(migration.name) has number \(migration.number), expected \(index + 1)")
        }
    }

    private func checkNotNewer(_ current: Int) throws(SQLFailure) {
        guard current > migrations.count else { return }
        throw SQLFailure(
            .newerSchema,
            """
            The database has version \(current), but this program knows versions up to \(migrations.count) only: \
            a newer release has used it. Start that release or a later one, or restore a copy from before the upgrade.
            """)
    }

    private static func currentVersion(_ db: any SQLExecutor) throws(SQLFailure) -> Int {
        guard try db.value(db.dialect.tableExists("schema_migration")) == true else { return 0 }
        return try db.value("SELECT MAX(number) FROM schema_migration") ?? 0
    }

    private func apply(_ migration: Migration, _ db: any SQLExecutor) throws(SQLFailure) {
        if migration.number == 1 {
            try db.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migration (
                    number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL
                )
                """)
        }
        for statement in migration.statements(db.dialect) { try db.execute(statement) }
        try db.execute(
            """
            INSERT INTO schema_migration (number, name, applied_at)
            VALUES (\(migration.number), \(migration.name), \(now()))
            """)
    }

    // MARK: - The copy

    private func keepCopy(of engine: any StorageEngine, before number: Int, in folder: String) async throws {
        guard engine.dialect == .sqlite else { return }
        let holdsSomething: Bool? = try await engine.read { db in
            try db.value("SELECT COUNT(*) > 0 FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")
        }
        guard holdsSomething == true else { return }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw SQLFailure(
                .unavailable, "can't make the folder \(folder) for copies: \(String(cString: strerror(errno)))")
        }
        let style = Date.ISO8601FormatStyle(
            dateSeparator: .omitted, timeSeparator: .omitted, includingFractionalSeconds: true)
        let time = Date(timeIntervalSince1970: Double(now()) / 1_000_000).formatted(style)
        try await engine.backup(to: "\(folder)/letta-before-\(number)-\(time).sqlite")
        removeOldCopies(in: folder)
    }

    /// Old copies that can not be removed cost space, not the upgrade: failures are left alone.
    private func removeOldCopies(in folder: String) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
        let copies = names.filter { $0.hasPrefix("letta-before-") && $0.hasSuffix(".sqlite") }
        // letta-before-<number>-<time>.sqlite: newest first by time, which holds no dash.
        let newestFirst = copies.sorted { time(of: $0) > time(of: $1) }
        for name in newestFirst.dropFirst(Self.copiesKept) {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    private func time(of copy: String) -> Substring {
        copy.split(separator: "-").last ?? ""
    }
}
