import ArgumentParser
import Glibc
import LettaServer

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Prints the settings in effect, with secrets masked.")

    @OptionGroup var data: DataOptions

    func run() throws {
        print(try data.configuration().description)
    }
}

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Shows or updates the version of the database.",
        subcommands: [Status.self, Up.self], defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Prints the version of the database and its pending migrations.")

        @OptionGroup var data: DataOptions

        func run() async throws {
            let settings = try data.configuration()
            print(try await DataMaintenance(settings, logger: settings.logger).migrationStatus())
        }
    }

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "up", abstract: "Applies the pending migrations; an SQLite database is copied first.")

        @OptionGroup var data: DataOptions

        func run() async throws {
            let settings = try data.configuration()
            let maintenance = try DataMaintenance(settings, makesDatabase: true, logger: settings.logger)
            let applied = try await maintenance.migrate()
            for name in applied { print("applied: \(name)") }
            if applied.isEmpty { print("nothing to do") }
        }
    }
}

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies the SQLite database to a new file, consistently even while a server runs.")

    @OptionGroup var data: DataOptions

    @Argument(help: "The file to write; it must not exist.")
    var file: String

    func run() async throws {
        let settings = try data.configuration()
        try await DataMaintenance(settings, logger: settings.logger).backup(to: file)
        let copy = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(copy) }
        let size = max(0, lseek(copy, 0, SEEK_END))
        print("Copied \(try DataFolder(path: settings.data.folder).database) to \(file) (\(size) bytes)")
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Checks a copy that backup made, and puts it in the place of the SQLite database.")

    @OptionGroup var data: DataOptions

    @Flag(help: "Only check the copy; a server may run meanwhile.")
    var verify = false

    @Flag(help: "Move a database that is there to backups/ first.")
    var replace = false

    @Argument(help: "The copy. It is only read.")
    var file: String

    func run() async throws {
        let settings = try data.configuration()
        let restore = try DataRestore(settings, logger: settings.logger)
        guard !verify else { return print("\(file): \(try await restore.verify(file))") }
        let (report, former) = try await restore.restore(file, replacing: replace)
        print("\(file): \(report)")
        print("Restored to \(settings.data.folder).\(former.map { " The former database is \($0)." } ?? "")")
    }
}
