import ArgumentParser
import LettaServer

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Prints the settings that are in force, secrets masked.")

    @OptionGroup var data: DataOptions

    func run() throws {
        print(try data.configuration().description)
    }
}

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Looks at or changes the version of the database.",
        subcommands: [Status.self, Up.self], defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Prints which version the database has and which ones are missing.")

        @OptionGroup var data: DataOptions

        func run() async throws {
            let settings = try data.configuration()
            print(try await DataMaintenance(settings, logger: settings.logger).migrationStatus())
        }
    }

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "up", abstract: "Brings the database up to date; an SQLite file is copied first.")

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
        abstract: "Writes a consistent copy of the SQLite database to a new file, also while a server runs.")

    @OptionGroup var data: DataOptions

    @Argument(help: "The file to write; it must not be there yet.")
    var file: String

    func run() async throws {
        let settings = try data.configuration()
        try await DataMaintenance(settings, logger: settings.logger).backup(to: file)
        print("wrote \(file)")
    }
}
