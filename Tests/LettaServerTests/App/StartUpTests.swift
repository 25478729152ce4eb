import Configuration
import FoundationEssentials
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

    @Test(arguments: [
        ("OPENAI_BASE_URL", "http://127.0.0.1:99999/v1"), ("OPENAI_BASE_URL", "169.254.169.254"),
        ("OPENAI_API_BASE", "http://169.254.169.254/v1"), ("LETTA_TRACE_RETENTION_DAYS", "1125899906842624"),
        ("LETTA_PORT", "99999999999999999999"), ("ANTHROPIC_BASE_URL", "http://169.254.169.254"),
    ])
    func `a setting that can't be right stops the start`(_ name: String, _ value: String) {
        #expect(throws: StartUpFailure.self) { try configuration([name: value]) }
    }

    @Test func `an empty setting is none`() throws {
        #expect(try configuration(["OPENAI_BASE_URL": "", "OPENAI_API_BASE": ""]).openAI == nil)
        #expect(
            try configuration(["OPENAI_BASE_URL": "", "OPENAI_API_BASE": "http://h/v1/"]).openAI?.baseURL
                == "http://h/v1")
        #expect(try configuration(["ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": ""]).anthropic == nil)
    }

    @Test func `a key alone means the vendor's own address`() throws {
        let configuration = try configuration(["ANTHROPIC_API_KEY": "sk-ant-clear"])
        #expect(
            configuration.anthropic
                == ProviderSettings(
                    name: "anthropic", kind: .anthropic, baseURL: "https://api.anthropic.com/v1",
                    apiKey: Secret("sk-ant-clear")))
        #expect(configuration.openAI == nil)
        #expect(configuration.description.contains("https://api.anthropic.com/v1"))
        #expect(!configuration.description.contains("sk-ant-clear"))
    }
}
