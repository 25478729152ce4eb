import ArgumentParser
import FoundationEssentials
import Glibc
import LettaClient
import LettaServer
import ModelProviders

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Brings over a Letta server, or the agents of agent files, while no server runs.",
        discussion: """
            letta-server import --from postgresql://letta:letta@localhost:5432/letta
            letta-server import --from sqlite:////home/you/.letta/sqlite.db
            letta-server import --from http://localhost:8283
            letta-server import agents/ one.af

            From a database of Letta 0.11 to 0.16 everything comes with its ids and times, and a report compares both sides. \
            From a running server the same comes through its API, agents one by one. Files of the older format, with one agent, are converted. An import can be interrupted and \
            repeated: what is here already is left out. The exit status is 1 when something is missing or different. \
            LETTA_FROM_ENCRYPTION_KEY is the LETTA_ENCRYPTION_KEY that Letta ran with, LETTA_FROM_PASSWORD the password of a \
            running server.
            """)

    @OptionGroup var data: DataOptions

    @Option(help: "A Letta database (postgresql://…, sqlite:///…), a running server (http://…), or a file or folder.")
    var from: String?

    @Flag(help: "Says what would come and what can't, and changes nothing.")
    var preview = false

    @Argument(help: "Agent files, and folders whose .af and .json files are imported.")
    var files: [String] = []

    func validate() throws {
        guard (from == nil) != files.isEmpty else {
            throw ValidationError("Name agent files, or a source with --from.")
        }
    }

    func run() async throws {
        let settings = try data.configuration()
        guard let from else { return try await importFiles(files, settings) }
        switch from.prefix(while: { $0 != ":" }).split(separator: "+").first.map(String.init) {
        case "postgresql", "postgres", "sqlite": try await importDatabase(from, settings)
        case "http", "https": try await importServer(from, settings)
        default:
            guard !from.contains("://") else {
                throw ValidationError(
                    "\(from) is no source: name postgresql://…, sqlite:///…, http://…, or a file or folder.")
            }
            try await importFiles([from], settings)
        }
    }

    private static func secret(_ variable: String) -> Secret? {
        getenv(variable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : Secret($0) }
    }

    /// Not an option: others see the arguments of a program.
    private static var fromKey: Secret? { secret("LETTA_FROM_ENCRYPTION_KEY") }

    // MARK: Databases

    private func importDatabase(_ address: String, _ settings: ServerConfiguration) async throws {
        let bar = ProgressBar()
        let key = Self.fromKey
        let report =
            if preview {
                try await LettaDatabaseImport.preview(from: address, key: key, logger: settings.logger) {
                    bar.show($0, $1, $2)
                }
            } else {
                try await LettaDatabaseImport.run(from: address, key: key, settings, logger: settings.logger) {
                    bar.show($0, $1, $2)
                }
            }
        bar.end()
        try conclude(report)
    }

    /// - Throws: `ExitCode` when something is missing or different after an import.
    private func conclude(_ report: LettaImportReport) throws {
        for line in report.lines { print(line) }
        guard !preview else { return print("Nothing was changed: this is a preview.") }
        print(report.isComplete ? "Everything is here." : "Not everything is here: see above.")
        if !report.isComplete { throw ExitCode.failure }
    }

    // MARK: Files

    private func importFiles(_ names: [String], _ settings: ServerConfiguration) async throws {
        let paths = try names.flatMap(Self.paths)
        guard !paths.isEmpty else {
            throw ValidationError("There are no agent files (.af, .json) in \(names.joined(separator: ", ")).")
        }
        let sources = paths.map { path in
            AgentTransfer.Source(name: path) { try AgentTransfer.read(path) }
        }
        try await importAgents(sources, settings)
    }

    private func importServer(_ address: String, _ settings: ServerConfiguration) async throws {
        let password = Self.secret("LETTA_FROM_PASSWORD")?.reveal()
        do {
            try await RunningServer.with(address, password: password, countsPassages: preview) { server in
                try await importAgents(try await server.sources(), settings, from: server)
            }
        } catch let error as LettaClientError where [401, 403].contains(error.status) {
            throw ValidationError(
                password == nil
                    ? "The server at \(address) asks for a password: set LETTA_FROM_PASSWORD."
                    : "The server at \(address) does not take the password in LETTA_FROM_PASSWORD (\(error)).")
        } catch LettaClientError.connection(let reason) {
            throw ValidationError(
                "There is no server at \(address), or it has gone (\(reason)). Run the import again when it answers.")
        }
    }

    /// - Parameter server: the one that the agents are from, with what else it has.
    private func importAgents(
        _ sources: [AgentTransfer.Source], _ settings: ServerConfiguration, from server: RunningServer? = nil
    ) async throws {
        let previews = preview
        let work: (AgentTransfer) async throws -> LettaImportReport = { transfer in
            var report = LettaImportReport()
            let rest = server.map {
                ServerRecords(server: $0, transfer: transfer, key: Self.fromKey, previews: previews)
            }
            if let part = try await rest?.takeBeforeAgents() { report.add(part) }
            for (index, source) in sources.enumerated() {
                let outcome = await (previews ? transfer.preview(source) : transfer.take(source))
                report.add(outcome, of: source, counts: server == nil)
                ProgressBar.line(index + 1, sources.count, "\(source.name): \(Self.text(outcome))")
            }
            if let part = try await rest?.takeAfterAgents() { report.add(part) }
            if previews { report.forgetHere() }
            return report
        }
        let report =
            if previews {
                try await AgentTransfer.previewing(settings, logger: settings.logger, work)
            } else {
                try await AgentTransfer.writing(settings, logger: settings.logger, work)
            }
        try conclude(report)
        // A preview of files that can't be read has failed as well.
        if report.leavesOut("agents") { throw ExitCode.failure }
    }

    private static func text(_ outcome: AgentTransfer.Outcome) -> String {
        switch outcome {
        case .imported(let agents, let warnings):
            "\(agents.count) agent\(agents.count == 1 ? "" : "s")\(warnings.map { "\n    \($0)" }.joined())"
        case .importedBefore: "imported before"
        case .previewed(let lines): lines.map { "\n    \($0)" }.joined()
        case .failed(let reason): "not imported: \(reason)"
        }
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
