import FoundationEssentials
import Glibc
import LettaAPI
package import Logging
import NIOPosix
import Storage
import StorageSQLite

/// Checks a copy of the SQLite database and puts it in the place of the database.
///
/// Everything is done with a copy of the copy: the given file is only read.
package struct DataRestore: Sendable {
    private let configuration: ServerConfiguration
    private let folder: DataFolder
    private let logger: Logger

    /// What was found in a sound copy.
    package struct Report: Sendable, CustomStringConvertible {
        var version: Int
        var latest: Int
        var counts: [(table: String, rows: Int)]

        package var description: String {
            let rows = counts.map { "\($0.rows) \($0.table)\($0.rows == 1 ? "" : "s")" }.joined(separator: ", ")
            return "sound, version \(version) of \(latest): \(rows)"
        }
    }

    /// - Throws: `StartUpFailure` when the data folder can't be used, or data are not in SQLite.
    package init(_ configuration: ServerConfiguration, logger: Logger) throws {
        guard configuration.data.postgresURI == nil else {
            throw StartUpFailure.invalidSetting(
                "LETTA_PG_URI is set: restore a PostgreSQL database with pg_restore.")
        }
        self.configuration = configuration
        self.logger = logger
        folder = try DataFolder(path: configuration.data.folder)
    }

    /// Reads the whole copy: its pages, its references, its version, and whether the folder's key decrypts it.
    ///
    /// - Throws: `StartUpFailure` that says what is wrong.
    package func verify(_ file: String) async throws -> Report {
        // A running server may do this, whose threads must not wait for the disk.
        let staged = try await NIOThreadPool.singleton.runIfActive { try stage(file) }
        defer { remove(staged) }
        return try await check(staged, named: file)
    }

    /// Puts the copy in the database's place. A database that is there is kept in `backups/` where `replacing` is set,
    /// and refused otherwise.
    ///
    /// - Returns: what was found, and where the former database is now.
    /// - Throws: `StartUpFailure`; nothing has changed then.
    package func restore(_ file: String, replacing: Bool) async throws -> (report: Report, former: String?) {
        try folder.lock()
        let isThere = FileManager.default.fileExists(atPath: folder.database)
        guard replacing || !isThere else {
            throw StartUpFailure.storage(
                "There is a database in \(folder.path) already. With --replace it is moved to \(folder.backups) first.")
        }
        let staged = try stage(file)
        defer { remove(staged) }
        let report = try await check(staged, named: file)
        let former = isThere ? "\(folder.backups)/replaced-\(Timestamp.now.microseconds).sqlite" : nil
        if let former {
            // What the log holds belongs to the file: after a crash it has not been written there yet.
            await (try open(folder.database)).close()
            try rename(folder.database, to: former)
        }
        try rename(staged, to: folder.database)
        return (report, former)
    }

    // MARK: Steps

    /// A private copy of the file in the data folder, stored to the disk.
    private func stage(_ file: String) throws -> String {
        let staged = "\(folder.backups)/restoring-\(Timestamp.now.microseconds).sqlite"
        guard access(file, R_OK) == 0 else {
            throw StartUpFailure.storage("\(file) can't be read: \(String(cString: strerror(errno)))")
        }
        do {
            try FileManager.default.copyItem(atPath: file, toPath: staged)
        } catch {
            throw StartUpFailure.storage("\(file) could not be copied to \(folder.backups): \(error)")
        }
        let descriptor = Glibc.open(staged, O_RDWR | O_CLOEXEC)
        defer { Glibc.close(descriptor) }
        guard descriptor >= 0, fchmod(descriptor, 0o600) == 0, fsync(descriptor) == 0 else {
            remove(staged)
            throw StartUpFailure.storage("\(staged) could not be written: \(String(cString: strerror(errno)))")
        }
        return staged
    }

    private func check(_ staged: String, named file: String) async throws -> Report {
        do {
            let storage = try open(staged)
            do {
                let report = try await report(on: storage, named: file)
                await storage.close()
                return report
            } catch {
                await storage.close()
                throw error
            }
        } catch let failure as SQLFailure {
            throw StartUpFailure.unsoundCopy("\(file) is no sound copy: \(failure.message). Nothing was changed.")
        }
    }

    private func report(on storage: any StorageEngine, named file: String) async throws -> Report {
        let problems = try await storage.read { db in try DataRestoreStore.problems(db) }
        guard problems.isEmpty else {
            throw StartUpFailure.unsoundCopy(
                "\(file) is damaged: \(problems.joined(separator: "; ")). Nothing was changed.")
        }
        let status = try await ServerStorage.migrator.status(of: storage)
        guard (1...status.latest).contains(status.current) else {
            throw StartUpFailure.unsoundCopy(
                status.current == 0
                    ? "\(file) is no database of this server. Nothing was changed."
                    : """
                    \(file) has version \(status.current), this program knows \(status.latest): use the newer program. \
                    Nothing was changed.
                    """)
        }
        try await LettaApplication.checkKeys(try LettaApplication.keys(configuration, folder), storage, folder)
        return Report(
            version: status.current, latest: status.latest,
            counts: try await storage.read { db in try DataRestoreStore.counts(db) })
    }

    private func open(_ path: String) throws -> any StorageEngine { try SQLiteEngine(path: path, logger: logger) }

    private func rename(_ path: String, to target: String) throws {
        guard Glibc.rename(path, target) == 0 else {
            throw StartUpFailure.storage("\(path) can't become \(target): \(String(cString: strerror(errno)))")
        }
        let directory = Glibc.open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { Glibc.close(directory) }
        fsync(directory)
    }

    private func remove(_ path: String) {
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    }
}
