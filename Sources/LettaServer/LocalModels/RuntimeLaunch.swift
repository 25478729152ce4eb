import AsyncHTTPClient
import FoundationEssentials
import Glibc
import ModelProviders
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage

/// All that is needed to run one model: the program, its arguments, the socket it answers on, the log it writes.
struct RuntimeLaunch: Sendable {
    let program: String
    let model: LocalModel
    let file: String
    let socket: String
    let templateFile: String
    let log: RotatingLog
    /// Calls the model once it runs.
    let provider: OpenAIProvider

    /// How long a start may take, and how often one looks.
    static let startLimit = Duration.seconds(60)
    private static let lookInterval = Duration.milliseconds(100)
    /// After so many seconds without work the model's memory is given back until the next call.
    private static let idleSeconds = 600
    /// The longest path that fits into the address of a socket, with a byte to spare.
    private static let longestSocketPath = 106

    /// - Throws: when the socket's folder can't be made.
    init(
        program: String, model: LocalModel, models: ModelFolder, dataFolder: String, transport: ProviderTransport
    ) throws {
        self.program = program
        self.model = model
        file = models.file(of: model)
        let logs = "\(dataFolder)/logs"
        for folder in ["\(dataFolder)/run", logs] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        log = RotatingLog(path: "\(logs)/llama-server-\(model.purpose.rawValue).log")
        templateFile = "\(dataFolder)/run/\(model.purpose.rawValue).jinja"
        socket = try Self.socket(model.purpose, dataFolder)
        let settings = ProviderSettings(name: LocalRuntime.providerName, baseURL: "\(Self.address(of: socket))/v1")
        // Who calls repeats: it also starts the program again.
        provider = OpenAIProvider(settings: settings, transport: transport, retries: RetryPolicy(maximumRetries: 0))
    }

    /// Runs the program until it ends or this task is cancelled; then it is asked to end and has five seconds.
    ///
    /// - Returns: how it ended.
    func run() async throws -> String {
        let options = try await supportedOptions()
        if let template = model.template { try Data(template.utf8).write(to: URL(filePath: templateFile)) }
        unlink(socket)
        var platform = PlatformOptions()
        // A session of its own: Ctrl-C at a terminal is for the server, which ends the program in its own time.
        platform.createSession = true
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let command = commandTiedToUs + [program] + arguments(options)
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
    /// - Throws: `StartTooSlow`, `CancellationError`.
    func waitUntilReady() async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.startLimit
        while try await !isHealthy() {
            guard clock.now < end else { throw StartTooSlow() }
            try await clock.sleep(for: Self.lookInterval)
        }
        // Tells the provider which program it talks to, for the requests that differ.
        _ = try await provider.listModels()
    }

    struct StartTooSlow: Error {}

    private func isHealthy() async throws -> Bool {
        let request = HTTPClientRequest(url: "\(Self.address(of: socket))/health")
        do {
            return try await HTTPClient.shared.execute(request, timeout: .seconds(5)).status == .ok
        } catch {
            try Task.checkCancellation()
            return false
        }
    }

    /// What the server was started with stays with it: keys of other services are nobody's business here, and
    /// variables that llama-server reads would change what the arguments say.
    private var environment: [Subprocess.Environment.Key: String] {
        var kept: [Subprocess.Environment.Key: String] = [
            // Threads that wait for work by spinning bring a busy machine to a stand-still.
            "OMP_WAIT_POLICY": "passive"
        ]
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"] {
            if let value = getenv(name) { kept[.init(stringLiteral: name)] = String(cString: value) }
        }
        return kept
    }

    /// The kernel ends the program when we are killed and can't do it ourselves.
    ///
    /// This holds for the thread that starts a program; swift-subprocess has one for all, which lives as long as we do.
    private var commandTiedToUs: [String] {
        guard let setpriv = RuntimeProgram.find("setpriv", in: "/usr/bin:/bin:/usr/local/bin") else { return [] }
        return [setpriv, "--pdeathsig", "KILL", "--"]
    }

    /// What the program says it understands: one that was not built by us may be older or newer.
    private func supportedOptions() async throws -> String {
        let help = try await Subprocess.run(
            .path(FilePath(program)), arguments: ["--help"], environment: .custom(environment),
            output: .string(limit: 1 << 20), error: .discarded)
        return help.standardOutput
    }

    /// `options` is the text that the program prints when asked for help.
    func arguments(_ options: String) -> [String] {
        let cores = NIOCore.System.coreCount
        var arguments = ["--host", socket, "-m", file, "--alias", model.name]
        var wished: [[String]] = [["--no-ui"], ["--sleep-idle-seconds", "\(Self.idleSeconds)"]]
        switch model.purpose {
        case .chat:
            arguments += ["-c", "\(model.contextWindow)", "-np", "2", "-t", "\(max(1, cores - 1))", "--jinja"]
            if model.template != nil { arguments += ["--chat-template-file", templateFile] }
            // Both slots share one window, so that each may fill it and two conversations keep their prefixes.
            wished += [["--kv-unified"], ["--no-repack"], ["--cache-ram", "256"]]
        case .embedding:
            let slots = 4
            let tokens = "\(model.contextWindow * slots)"
            arguments += ["--embedding", "-c", tokens, "-b", tokens, "-ub", tokens, "-np", "\(slots)", "-t", "1"]
        }
        return arguments + wished.filter { options.contains($0[0]) }.flatMap { $0 }
    }

    /// The usual place is the data folder; a path that can't be a socket's leads to a folder of its own.
    private static func socket(_ purpose: LocalModel.Purpose, _ dataFolder: String) throws -> String {
        let usual = "\(dataFolder)/run/llama-\(purpose.rawValue).sock"
        // A comma separates addresses for llama-server.
        guard usual.utf8.count > longestSocketPath || usual.contains(",") else { return usual }
        var template = Array("/tmp/letta-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw LocalModelFailure.file(usual, reason: "no socket can be made there nor in /tmp")
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(folder)/\(purpose.rawValue).sock"
    }

    /// The address of a socket in the form the HTTP client takes: its path, escaped, in the place of the host.
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
