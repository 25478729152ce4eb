import ArgumentParser
import LettaServer

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes all agents to agent files (.af); a server may run meanwhile.")

    @OptionGroup var data: DataOptions

    @Option(help: "The folder to write to. A file of an earlier export is replaced.")
    var all: String

    func run() async throws {
        let settings = try data.configuration()
        try await AgentTransfer.reading(settings, logger: settings.logger) { transfer in
            try await transfer.exportAll(to: all) { number, count, path, agents in
                ProgressBar.line(number, count, "\(path) (\(agents) agent\(agents == 1 ? "" : "s"))")
            }
        }
    }
}
