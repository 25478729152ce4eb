import Foundation

/// The scripted model of the conformance tests as a process.
final class ModelProcess: Sendable {
    let address: String
    private let process: TestProcess

    init() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        process = try await TestProcess(
            ["/usr/bin/env", "python3", root.appending(path: "conformance/mockllm.py").path, "--port", "0"])
        address = try await process.line(after: "listens on ")
    }

    func kill() async { await process.kill() }
}
