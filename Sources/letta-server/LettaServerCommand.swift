import ArgumentParser
import LettaServer

@main
struct LettaServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "letta-server", abstract: "A self-hosted server for stateful agents.",
        version: ServerVersion.current,
        subcommands: [
            ServeCommand.self, ConfigCommand.self, MigrateCommand.self, BackupCommand.self, RestoreCommand.self,
            ModelsCommand.self, DoctorCommand.self, ExportCommand.self, ImportCommand.self, ReembedCommand.self,
            KeysCommand.self, VersionCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)

    /// The parser takes a misspelled command for an argument of `serve`.
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let commands = configuration.subcommands.compactMap { $0.configuration.commandName }
        if let first = arguments.first, !first.hasPrefix("-"), !(commands + ["help"]).contains(first) {
            exit(
                withError: ValidationError(
                    "There is no command '\(first)'. The commands are: \(commands.joined(separator: ", "))."))
        }
        await main(arguments)
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the version of the server and the API level.")

    func run() {
        print("letta-server \(ServerVersion.current) (API level \(ServerVersion.apiLevel))")
    }
}
