import NIOPosix
import Subprocess
import SystemPackage

/// A program that is run to its end, such as pip or a compiler.
struct ChildProcess: Sendable {
    var program: String
    var arguments: [String]
    /// Set beside what the server itself was started with.
    var environment: [String: String] = [:]
    var directory: String?

    private static let keptLines = 25

    /// Runs it and hands over its lines, those on standard error included.
    ///
    /// - Throws: `LocalModelFailure.programFailed` with its last lines unless it ends with 0.
    func run(_ onLine: @Sendable (String) -> Void = { _ in }) async throws {
        var last: [String] = []
        let ending = try await Subprocess.run(
            configuration, input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            for try await line in execution.standardOutput.strings() {
                onLine(line)
                last.append(line)
                if last.count > Self.keptLines { last.removeFirst() }
            }
        }
        try check(ending.terminationStatus, output: last.joined(separator: "\n"))
    }

    /// Runs it with a file to write its output to, at the file's end.
    ///
    /// - Throws: `LocalModelFailure.programFailed` unless it ends with 0.
    func run(appendingTo file: String) async throws {
        let output = try FileDescriptor.open(
            FilePath(file), .writeOnly, options: [.append, .create, .closeOnExec], permissions: [.ownerReadWrite])
        let ending = try await Subprocess.run(
            configuration, output: .fileDescriptor(output, closeAfterSpawningProcess: true),
            error: .string(limit: 1 << 20))
        try check(ending.terminationStatus, output: ending.standardError)
    }

    private var configuration: Subprocess.Configuration {
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in environment {
            changes[Environment.Key(stringLiteral: name)] = value
        }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        return Subprocess.Configuration(
            executable: program.contains("/") ? .path(FilePath(program)) : .name(program),
            arguments: .init(arguments), environment: .inherit.updating(changes),
            workingDirectory: directory.map { FilePath($0) }, platformOptions: options)
    }

    private func check(_ status: TerminationStatus, output: String) throws {
        guard status.isSuccess else {
            throw LocalModelFailure.programFailed(program, output: "\(output)\n(\(status))")
        }
    }
}
