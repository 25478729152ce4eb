import Foundation
import LettaClient
import Synchronization

/// A real `letta-server` process, which can be killed.
final class ServerProcess: Sendable {
    struct DidNotStart: Error, CustomStringConvertible {
        var output: String
        var description: String { "The server did not start: \(output)" }
    }

    /// Calls it once, so that a test knows what was acknowledged.
    let client: LettaClient
    private let process: Process
    private let exit: AsyncStream<Void>
    private let isKilled = Mutex(false)

    /// The program: `LETTA_SERVER_BINARY`, or the one built beside the tests.
    private static var program: URL {
        ProcessInfo.processInfo.environment["LETTA_SERVER_BINARY"].map { URL(filePath: $0) }
            ?? Bundle.main.bundleURL.appending(path: "letta-server")
    }

    /// Starts it and waits until it listens.
    init(folder: String, postgresURI: String? = nil) async throws {
        process = Process()
        process.executableURL = Self.program
        process.arguments = ["serve", "--port", "0", "--data-dir", folder]
        process.environment = ["HOME": folder, "LETTA_ENCRYPTION_KEY": "a key for tests", "LETTA_LOG_LEVEL": "error"]
        process.environment?["LETTA_PG_URI"] = postgresURI
        let (output, written) = AsyncStream.makeStream(of: String.self)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let reading = pipe.fileHandleForReading
        // A thread that reads: Dispatch's sources of pipes whose writers are killed can bring the whole process down.
        Thread.detachNewThread {
            while case let data = reading.availableData, !data.isEmpty {
                written.yield(String(decoding: data, as: UTF8.self))
            }
            written.finish()
        }
        let (exit, ended) = AsyncStream.makeStream(of: Void.self)
        self.exit = exit
        process.terminationHandler = { _ in ended.finish() }
        try process.run()
        client = LettaClient(baseURL: try await Self.address(in: output), settings: .init(maximumRetries: 0))
    }

    private static func address(in output: AsyncStream<String>) async throws -> String {
        var text = ""
        for await piece in output {
            text += piece
            guard let start = text.firstRange(of: "listens on "), text[start.upperBound...].contains("\n") else {
                continue
            }
            return String(text[start.upperBound...].prefix { $0 != "\n" })
        }
        throw DidNotStart(output: text)
    }

    /// Ends it at once, as a power cut would, and waits until it is gone.
    func kill() async {
        let isFirst = isKilled.withLock { isKilled in
            defer { isKilled = true }
            return !isKilled
        }
        if isFirst { Foundation.kill(process.processIdentifier, SIGKILL) }
        for await _ in exit {}
        // The second of two callers finds it shut down.
        try? await client.shutdown()
    }
}
