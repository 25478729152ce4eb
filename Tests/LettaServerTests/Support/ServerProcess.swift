import Foundation
import LettaClient

/// A real `letta-server` process, which can be killed.
final class ServerProcess: Sendable {
    /// Sends each request once, so that a test knows which ones the server acknowledged.
    let client: LettaClient
    private let process: TestProcess

    /// The program: `LETTA_SERVER_BINARY`, or the one built beside the tests.
    private static var program: String {
        ProcessInfo.processInfo.environment["LETTA_SERVER_BINARY"]
            ?? Bundle.main.bundleURL.appending(path: "letta-server").path
    }

    /// Starts the server and waits until it listens.
    init(folder: String, postgresURI: String? = nil) async throws {
        var environment = ["HOME": folder, "LETTA_ENCRYPTION_KEY": "a key for tests", "LETTA_LOG_LEVEL": "error"]
        environment["LETTA_PG_URI"] = postgresURI
        process = try await TestProcess(
            [Self.program, "serve", "--port", "0", "--data-dir", folder], environment: environment)
        client = LettaClient(
            baseURL: try await process.line(after: "listens on "), settings: .init(maximumRetries: 0))
    }

    /// Kills the server, as a crash would, and waits until it is gone.
    func kill() async {
        await process.kill()
        // Several tasks may call this; all but the first find the client closed.
        try? await client.shutdown()
    }
}
