import ArgumentParser
import FoundationEssentials
import Glibc
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
                Progress.show(number, count, "\(path) (\(agents) agent\(agents == 1 ? "" : "s"))")
            }
        }
    }
}

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Creates the agents of agent files, while no server runs.",
        discussion: """
            Files of the older format, with one agent, are converted. A file whose agents are here already is left out, so \
            that an interrupted import can be repeated.
            """)

    @OptionGroup var data: DataOptions

    @Argument(help: "Agent files, and folders whose .af and .json files are imported.")
    var files: [String]

    func run() async throws {
        let paths = try files.flatMap(Self.paths)
        let settings = try data.configuration()
        let failures = try await AgentTransfer.writing(settings, logger: settings.logger) { transfer in
            var failures = 0
            for (index, path) in paths.enumerated() {
                let text: String
                switch await transfer.importFile(path) {
                case .imported(let agents, let warnings):
                    let notes = warnings.map { "\n    \($0)" }.joined()
                    text = "\(agents) agent\(agents == 1 ? "" : "s")\(notes)"
                case .importedBefore: text = "imported before"
                case .failed(let reason):
                    failures += 1
                    text = "not imported: \(reason)"
                }
                Progress.show(index + 1, paths.count, "\(path): \(text)")
            }
            return failures
        }
        if failures > 0 { throw ExitCode.failure }
    }

    private static func paths(_ path: String) throws -> [String] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ValidationError("There is no file \(path).")
        }
        guard isFolder else { return [path] }
        return try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0.hasSuffix(".af") || $0.hasSuffix(".json") }.sorted().map { "\(path)/\($0)" }
    }
}

/// Lines of progress on standard error.
private enum Progress {
    static func show(_ number: Int, _ count: Int, _ text: String) {
        let line = Array("[\(number)/\(count)] \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
