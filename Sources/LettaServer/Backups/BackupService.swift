import FoundationEssentials
import Glibc
import LettaAPI
import NIOPosix
import Storage
import Synchronization

/// Copies of an SQLite database in the folder `backups` of the data folder. They hold all organizations.
///
/// One is made or checked at a time: both read the whole database. Names of files come from the folder, never from a
/// request.
final class BackupService: Sendable {
    private let core: Core
    private let configuration: ServerConfiguration
    private let isBusy = Mutex(false)

    init(core: Core, configuration: ServerConfiguration) {
        self.core = core
        self.configuration = configuration
    }

    private var folder: String { "\(configuration.data.folder)/backups" }

    /// Newest first.
    func list() async throws -> [Backup] {
        try await NIOThreadPool.singleton.runIfActive { [folder] in BackupFolder(path: folder).backups() }
    }

    /// - Parameter kind: `made` or `scheduled`.
    /// - Throws: `APIError` 400 where the data are not in SQLite, 409 while another copy is made or checked.
    func make(_ kind: Backup.Kind = .made) async throws -> Backup {
        try checkEngine()
        return try await alone {
            let name = BackupFolder.name(of: kind, at: core.now())
            try await NIOThreadPool.singleton.runIfActive { [folder] in try BackupFolder(path: folder).make() }
            try await core.storage.backup(to: "\(folder)/\(name)")
            return try await backup(name)
        }
    }

    /// - Throws: `APIError` 404 for an unknown one, 409 while another is made or checked.
    func check(_ name: String) async throws -> BackupCheck {
        try checkEngine()
        let backup = try await backup(name)
        return try await alone {
            do {
                let report = try await DataRestore(configuration, logger: core.logger)
                    .verify("\(folder)/\(backup.name)")
                return BackupCheck(
                    name: backup.name, isSound: true, problem: nil, version: report.version,
                    rows: report.counts.map { BackupCheck.Rows(table: $0.table, count: $0.rows) })
            } catch StartUpFailure.storage(let text) {
                throw APIError.unavailable("The copy could not be examined: \(text)")
            } catch let failure as StartUpFailure {
                return BackupCheck(
                    name: backup.name, isSound: false, problem: "\(failure)", version: nil, rows: [])
            }
        }
    }

    func delete(_ name: String) async throws {
        let backup = try await backup(name)
        try await alone {
            let path = "\(folder)/\(backup.name)"
            try await NIOThreadPool.singleton.runIfActive {
                guard unlink(path) == 0 || errno == ENOENT else {
                    throw APIError.unavailable("The copy could not be deleted: \(String(cString: strerror(errno)))")
                }
            }
        }
    }

    /// Deletes the oldest copies that were made by the schedule.
    ///
    /// - Throws: `APIError` 409 while another is made or checked.
    func deleteScheduled(keeping count: Int) async throws {
        // By their names, which have their times.
        let names = try await list().filter { $0.kind == .scheduled }.map(\.name).sorted(by: >)
        for name in names.dropFirst(count) { try await delete(name) }
    }

    private func backup(_ name: String) async throws -> Backup {
        guard let backup = try await list().first(where: { $0.name == name }) else {
            throw APIError(404, "There is no backup of this name")
        }
        return backup
    }

    /// - Throws: `APIError` 400 where the data are not in SQLite.
    func checkEngine() throws {
        guard core.storage.dialect == .sqlite else {
            throw APIError(400, "A PostgreSQL database is copied with its own tool: pg_dump --format=custom")
        }
    }

    private func alone<Result>(_ body: () async throws -> Result) async throws -> Result {
        let isFree = isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFree else { throw APIError.conflict("Another backup is made, checked or deleted now. Try again.") }
        defer { isBusy.withLock { $0 = false } }
        return try await body()
    }
}

/// The folder of copies. Its functions block.
private struct BackupFolder: Sendable {
    let path: String

    /// `backup-20261130T141503123456.sqlite`.
    static func name(of kind: Backup.Kind, at time: Timestamp) -> String {
        "\(kind == .scheduled ? "scheduled" : "backup")-\(time.wireText.filter { !"-:.Z".contains($0) }).sqlite"
    }

    func make() throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw APIError.unavailable("The folder of backups can't be made: \(String(cString: strerror(errno)))")
        }
    }

    /// Complete copies, newest first; none when there is no folder.
    func backups() -> [Backup] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasSuffix(".sqlite") && !$0.hasPrefix(".") && !$0.hasPrefix("restoring-") }
            .compactMap(backup).sorted { ($0.createdAt, $0.name) > ($1.createdAt, $1.name) }
    }

    /// Nil for what is no file of its own, such as a link.
    private func backup(_ name: String) -> Backup? {
        var status = stat()
        guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let time = status.st_mtim
        return Backup(
            name: name, kind: Self.kind(of: name), bytes: Int(status.st_size),
            createdAt: Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000))
    }

    private static func kind(of name: String) -> Backup.Kind {
        let kinds: [(String, Backup.Kind)] = [
            ("backup-", .made), ("scheduled-", .scheduled), ("letta-before-", .beforeMigration),
            ("replaced-", .replaced),
        ]
        return kinds.first { name.hasPrefix($0.0) }?.1 ?? .other
    }
}
