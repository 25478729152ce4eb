import Foundation
import Synchronization

/// A process that is killed when this one ends, however this one ends.
final class TestProcess: Sendable {
    struct UnexpectedEnd: Error, CustomStringConvertible {
        var output: String
        var description: String { "The process ended: \(output)" }
    }

    private let process: Process
    private let output: AsyncStream<String>
    private let exit: AsyncStream<Void>
    private let isKilled = Mutex(false)

    /// Starts a program with this environment alone.
    init(_ command: [String], environment: [String: String] = ["PATH": "/usr/bin:/bin"]) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/setpriv")
        process.arguments = ["--pdeathsig", "KILL", "--"] + command
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let (output, written) = AsyncStream.makeStream(of: String.self)
        let (exit, ended) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in ended.finish() }
        self.process = process
        self.output = output
        self.exit = exit
        let reading = pipe.fileHandleForReading
        try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
            // The kernel kills the child when the *thread* that started it ends. This one reads until the child has
            // ended; Dispatch's sources of pipes whose writers are killed can bring the whole process down.
            Thread.detachNewThread {
                do {
                    try process.run()
                } catch {
                    return started.resume(throwing: error)
                }
                started.resume()
                while case let data = reading.availableData, !data.isEmpty {
                    written.yield(String(decoding: data, as: UTF8.self))
                }
                written.finish()
            }
        }
    }

    /// Waits for a line that contains `text` and returns what follows it. Only one task may wait at a time.
    func line(after text: String) async throws -> String {
        var read = ""
        for await piece in output {
            read += piece
            guard let start = read.firstRange(of: text), read[start.upperBound...].contains("\n") else { continue }
            return String(read[start.upperBound...].prefix { $0 != "\n" })
        }
        throw UnexpectedEnd(output: read)
    }

    /// Kills the process, as a crash would, and waits until it is gone.
    func kill() async {
        let isFirst = isKilled.withLock { isKilled in
            defer { isKilled = true }
            return !isKilled
        }
        if isFirst { Foundation.kill(process.processIdentifier, SIGKILL) }
        for await _ in exit {}
    }
}
