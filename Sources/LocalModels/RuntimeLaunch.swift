import AsyncHTTPClient
import FoundationEssentials
import Glibc
import ModelProviders
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage

/// How to run one model: the program and its arguments, the Unix socket it serves on, the log file.
struct RuntimeLaunch: Sendable {
    let program: String
    let model: LocalModel
    let file: String
    let socket: String
    let templateFile: String
    let log: RotatingLog
    /// The threads of a chat model.
    let threads: Int
    /// Calls the running model.
    let provider: OpenAIProvider

    static let startTimeout = Duration.seconds(60)
    private static let pollInterval = Duration.milliseconds(100)
    /// The idle time after which llama-server unloads the model until the next call.
    private static let idleSeconds = 600

    /// - Throws: when the folder of the socket or of the log can't be created.
    init(
        program: String, model: LocalModel, models: ModelFolder, dataFolder: String, transport: ProviderTransport,
        threads: Int = Machine.current.threads
    ) throws {
        self.program = program
        self.threads = threads
        self.model = model
        file = models.file(of: model)
        let logs = "\(dataFolder)/logs"
        let run = "\(dataFolder)/run"
        for folder in [run, logs] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        log = RotatingLog(path: "\(logs)/llama-server-\(model.purpose.rawValue).log")
        templateFile = "\(run)/\(model.name).jinja"
        RuntimeSocket.removeDead(in: run)
        socket = try RuntimeSocket.newPath(model.purpose, in: run)
        let settings = ProviderSettings(name: LocalRuntime.providerName, baseURL: "\(Self.address(of: socket))/v1")
        // No retries here: the caller retries after it has restarted the program.
        provider = OpenAIProvider(
            settings: settings, transport: transport.reachingUnixSockets(), retries: RetryPolicy(maximumRetries: 0))
    }

    /// Runs the program until it exits. Cancellation sends SIGTERM, and SIGKILL five seconds later.
    ///
    /// - Returns: the termination status.
    func run() async throws -> String {
        let options = try await supportedOptions()
        if let template = model.template {
            try Data(template.utf8).write(to: URL(filePath: templateFile), options: .atomic)
        }
        var platform = PlatformOptions()
        // A session of its own: Ctrl-C at a terminal must reach the server only, which then stops the program.
        platform.createSession = true
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let command = deathSignalPrefix + [program] + arguments(options)
        let ending = try await Subprocess.run(
            .path(FilePath(command[0])), arguments: .init(Array(command.dropFirst())),
            environment: .custom(environment),
            platformOptions: platform, input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            for try await chunk in execution.standardOutput {
                try await log.append(chunk.withUnsafeBytes { Array($0) })
            }
        }
        return "\(ending.terminationStatus)"
    }

    /// Returns when the model is loaded.
    ///
    /// - Throws: `StartTimedOut`, `CancellationError`.
    func waitUntilReady() async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.startTimeout
        while try await !isHealthy() {
            guard clock.now < end else { throw StartTimedOut() }
            try await clock.sleep(for: Self.pollInterval)
        }
        // The provider learns from the listing that it talks to llama-server, whose requests differ.
        _ = try await provider.listModels()
    }

    struct StartTimedOut: Error {}

    private func isHealthy() async throws -> Bool {
        let request = HTTPClientRequest(url: "\(Self.address(of: socket))/health")
        do {
            return try await HTTPClient.shared.execute(request, timeout: .seconds(5)).status == .ok
        } catch {
            try Task.checkCancellation()
            return false
        }
    }

    /// Nothing else of the server's environment is passed on: it holds keys of other services, and variables that
    /// llama-server reads would override the arguments.
    private var environment: [Subprocess.Environment.Key: String] {
        var kept: [Subprocess.Environment.Key: String] = [
            // Threads that spin while they wait for work starve a busy machine.
            "OMP_WAIT_POLICY": "passive"
        ]
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"] {
            if let value = getenv(name) { kept[.init(stringLiteral: name)] = String(cString: value) }
        }
        return kept
    }

    /// Makes the kernel kill the program when the server is killed and can't stop it.
    ///
    /// The death signal is bound to the thread that spawned the program; swift-subprocess spawns everything on one
    /// thread, which lives as long as the process.
    private var deathSignalPrefix: [String] {
        guard let setpriv = RuntimeProgram.find("setpriv", in: "/usr/bin:/bin:/usr/local/bin") else { return [] }
        return [setpriv, "--pdeathsig", "KILL", "--"]
    }

    /// The `--help` text: a program that was not built by `models install` may be older or newer.
    private func supportedOptions() async throws -> String {
        let help = try await Subprocess.run(
            .path(FilePath(program)), arguments: ["--help"], environment: .custom(environment),
            output: .string(limit: 1 << 20), error: .discarded)
        return help.standardOutput
    }

    /// - Parameter options: the program's `--help` text; an option that is not in it is left out.
    func arguments(_ options: String) -> [String] {
        var arguments = ["--host", socket, "-m", file, "--alias", model.name]
        var optional: [[String]] = [["--no-ui"], ["--sleep-idle-seconds", "\(Self.idleSeconds)"]]
        switch model.purpose {
        case .chat:
            arguments += ["-c", "\(model.contextWindow)", "-np", "2", "-t", "\(threads)", "--jinja"]
            if model.template != nil { arguments += ["--chat-template-file", templateFile] }
            // Both slots share one context window, so that each may fill it, and two conversations keep their cached
            // prefixes.
            optional += [["--kv-unified"], ["--no-repack"], ["--cache-ram", "256"]]
        case .embedding:
            let slots = 4
            let tokens = "\(model.contextWindow * slots)"
            arguments += ["--embedding", "-c", tokens, "-b", tokens, "-ub", tokens, "-np", "\(slots)", "-t", "1"]
        }
        return arguments + optional.filter { options.contains($0[0]) }.flatMap { $0 }
    }

    /// The URL of a Unix socket for the HTTP client: its percent-encoded path in place of the host.
    static func address(of socket: String) -> String {
        var escaped = ""
        for byte in socket.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return "http+unix://\(escaped)"
    }
}
