import Configuration
import FoundationEssentials
import Glibc
import LettaAPI
import Logging
import ModelProviders
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import LettaServer

/// What an operator reads when the server can't start: a sentence with the way out.
@Suite(.timeLimit(.minutes(2))) struct StartUpTests {
    private func withFolder<T>(_ body: (String) async throws -> T) async throws -> T {
        let folder = FileManager.default.temporaryDirectory.appending(path: "letta-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let result: Result<T, any Error>
        do { result = .success(try await body(folder)) } catch { result = .failure(error) }
        try FileManager.default.removeItem(atPath: folder)
        return try result.get()
    }

    private func configuration(
        _ environment: [String: String] = [:], port: Int = 0, folder: String = "/tmp"
    ) throws -> ServerConfiguration {
        var arguments = ServerConfiguration.Arguments()
        arguments.port = port
        arguments.dataFolder = folder
        return try ServerConfiguration(
            arguments: arguments,
            environment: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment)))
    }

    @Test func `a data folder that can't be made is explained`() async throws {
        try await withFolder { folder in
            let file = "\(folder)/file"
            try #require(FileManager.default.createFile(atPath: file, contents: nil))
            for (path, reason) in [
                (file, "Not a directory"), ("\(file)/under/it", "Not a directory"),
                ("/proc/letta", "No such file or directory"),
            ] {
                let failure = #expect(throws: StartUpFailure.self) { try DataFolder(path: path) }
                #expect(
                    failure?.description
                        == "The data folder \(path) can't be used: \(reason). Choose another one with --data-dir or "
                        + "LETTA_DIR.")
            }
            let deep = "\(folder)/a/b"
            _ = try DataFolder(path: deep)
            let permissions = try FileManager.default.attributesOfItem(atPath: deep)[.posixPermissions]
            #expect(permissions.map { "\($0)" } == "\(0o700)")
            _ = try DataFolder(path: deep)
        }
    }

    @Test func `a port that is taken is found before the database is made`() async throws {
        let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(taken.localAddress?.port)
        try await withFolder { folder in
            let configuration = try configuration(port: port, folder: folder)
            let failure = await #expect(throws: StartUpFailure.self) {
                _ = try await LettaApplication.open(configuration, logger: Logger(label: "test"))
            }
            #expect(failure?.description.hasPrefix("Port \(port) of 127.0.0.1 is in use by another process.") == true)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/letta.sqlite"))
        }
        try await taken.close()
    }

    @Test func `an address of another machine is explained`() async throws {
        for (host, reason) in [("192.0.2.1", "Cannot assign requested address"), ("no.invalid", "the name")] {
            var configuration = try configuration()
            configuration.http.host = host
            let failure = await #expect(throws: StartUpFailure.self) {
                try await ListeningAddress(configuration).check()
            }
            #expect(failure?.description.contains("can't listen on port 0 of \(host): \(reason)") == true)
        }
    }

    @Test func `a server on a Unix socket needs no port`() async throws {
        let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        try await withFolder { folder in
            var configuration = try configuration(port: try #require(taken.localAddress?.port))
            configuration.http.socket = "\(folder)/socket"
            try await ListeningAddress(configuration).check()
            let failure = ListeningAddress(configuration).failure(from: IOError(errnoCode: EACCES, reason: "bind"))
            #expect(
                "\(failure)".hasPrefix("The server can't listen on the socket \(folder)/socket: Permission denied."))
            configuration.http.socket = "\(folder)/missing/socket"
            #expect(throws: StartUpFailure.self) { try configuration.checkDoor() }
        }
        try await taken.close()
    }

    @Test func `a server removes its own socket alone`() async throws {
        try await withFolder { folder in
            let path = "\(folder)/socket"
            func make(_ path: String) { _ = FileManager.default.createFile(atPath: path, contents: nil) }
            let mask = umask(0o022)
            defer { umask(mask) }
            let never = UnixSocket(path)
            make(path)
            never.remove()
            #expect(FileManager.default.fileExists(atPath: path), "this server never listened")
            #expect(umask(0o022) == 0o022, "the mask is as before")
            let replaced = UnixSocket(path)
            replaced.closeToOthers()
            make("\(folder)/other")
            rename("\(folder)/other", path)
            replaced.remove()
            #expect(FileManager.default.fileExists(atPath: path), "another server's")
            let own = UnixSocket(path)
            own.closeToOthers()
            own.remove()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(arguments: [
        ("OPENAI_BASE_URL", "http://127.0.0.1:99999/v1"), ("OPENAI_BASE_URL", "169.254.169.254"),
        ("OPENAI_API_BASE", "http://169.254.169.254/v1"), ("LETTA_TRACE_RETENTION_DAYS", "1125899906842624"),
        ("ANTHROPIC_BASE_URL", "http://169.254.169.254"),
    ])
    func `a setting that can't be right stops the start`(_ name: String, _ value: String) {
        #expect(throws: StartUpFailure.self) { try configuration([name: value]) }
    }

    private func services(_ environment: [String: String]) throws -> [String: ProviderSettings] {
        Dictionary(uniqueKeysWithValues: try configuration(environment).services.map { ($0.name, $0) })
    }

    @Test func `an empty setting is none`() throws {
        #expect(try services(["OPENAI_BASE_URL": "", "OPENAI_API_BASE": ""]).isEmpty)
        #expect(
            try services(["OPENAI_BASE_URL": "", "OPENAI_API_BASE": "http://h/v1/"])["openai"]?.baseURL == "http://h/v1"
        )
        #expect(try services(["ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": ""]).isEmpty)
    }

    @Test func `a key alone means the vendor's own address`() throws {
        let configuration = try configuration(["ANTHROPIC_API_KEY": "sk-ant-clear"])
        #expect(
            configuration.services == [
                ProviderSettings(
                    name: "anthropic", kind: .anthropic, baseURL: "https://api.anthropic.com/v1",
                    apiKey: Secret("sk-ant-clear"))
            ])
        #expect(configuration.description.contains("https://api.anthropic.com/v1"))
        #expect(!configuration.description.contains("sk-ant-clear"))
    }

    @Test(arguments: [
        ("GEMINI_API_KEY", "google_ai", ProviderKind.google, "https://generativelanguage.googleapis.com/v1beta"),
        ("GROQ_API_KEY", "groq", .openAI, "https://api.groq.com/openai/v1"),
        ("TOGETHER_API_KEY", "together", .openAI, "https://api.together.xyz/v1"),
        ("OPENROUTER_API_KEY", "openrouter", .openAI, "https://openrouter.ai/api/v1"),
        ("DEEPSEEK_API_KEY", "deepseek", .openAI, "https://api.deepseek.com/v1"),
        ("XAI_API_KEY", "xai", .openAI, "https://api.x.ai/v1"),
        ("MISTRAL_API_KEY", "mistral", .openAI, "https://api.mistral.ai/v1"),
        ("FIREWORKS_API_KEY", "fireworks", .openAI, "https://api.fireworks.ai/inference/v1"),
        ("ZAI_API_KEY", "zai", .openAI, "https://api.z.ai/api/paas/v4"),
        ("MINIMAX_API_KEY", "minimax", .anthropic, "https://api.minimax.io/anthropic/v1"),
    ])
    func `the variable of a service's key offers it`(
        _ variable: String, _ name: String, _ kind: ProviderKind, _ address: String
    ) throws {
        let services = try services([variable: "k"])
        #expect(services.count == 1)
        let service = try #require(services[name])
        #expect(service.kind == kind && service.service == name && service.baseURL == address)
        #expect(service.apiKey == Secret("k") && service.category == .base)
    }

    @Test(arguments: [
        ("OLLAMA_BASE_URL", "ollama", ProviderKind.ollama), ("LMSTUDIO_BASE_URL", "lmstudio_openai", .openAI),
        ("VLLM_API_BASE", "vllm", .openAI), ("SGLANG_API_BASE", "sglang", .openAI),
        ("LLAMACPP_BASE_URL", "llamacpp", .openAI),
    ])
    func `a program on this network is named with or without its version`(
        _ variable: String, _ name: String, _ kind: ProviderKind
    ) throws {
        for address in ["http://127.0.0.1:1234", "http://127.0.0.1:1234/", "http://127.0.0.1:1234/v1"] {
            let service = try #require(try services([variable: address])[name])
            #expect(service.baseURL == "http://127.0.0.1:1234/v1" && service.kind == kind && service.apiKey == nil)
        }
        #expect(throws: StartUpFailure.self) { try services([variable: "http://169.254.169.254"]) }
    }

    @Test func `Azure takes a key, an address and a version`() throws {
        let azure = try services([
            "AZURE_API_KEY": "k", "AZURE_BASE_URL": "https://me.openai.azure.com", "AZURE_API_VERSION": "2025-01-01",
        ])["azure"]
        #expect(azure?.kind == .azure && azure?.apiVersion == "2025-01-01")
        #expect(azure?.baseURL == "https://me.openai.azure.com")
    }

    @Test func `a key without the address that it needs stops nothing`() async throws {
        let configuration = try configuration(["AZURE_API_KEY": "k", "OPENAI_API_KEY": "k"])
        let transport = ProviderTransport()
        let clients = configuration.clients(transport: transport)
        #expect(clients.map(\.settings.name) == ["openai", "azure"])
        let failure = await #expect(throws: ProviderFailure.self) { try await clients[1].listModels() }
        #expect(failure?.message.contains("Set AZURE_BASE_URL") == true)
        try await transport.shutdown()
    }
}
