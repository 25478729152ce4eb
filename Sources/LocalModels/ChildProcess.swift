import NIOPosix
import Subprocess
import SystemPackage

/// A program that is run to completion, such as pip or a compiler.
struct ChildProcess: Sendable {
    var program: String
    var arguments: [String]
    /// Added to the server's own environment.
    var environment: [String: String] = [:]
    var directory: String?

    /// The lines of output that an error quotes.
    private static let tailLength = 25

    /// Runs it and calls `onLine` for each line of standard output and standard error.
    ///
    /// - Throws: `LocalModelFailure.programFailed` with the last lines unless the exit code is 0.
    func run(_ onLine: @Sendable (String) -> Void = { _ in }) async throws {
        var tail: [String] = []
        let ending = try await Subprocess.run(
            configuration, input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            for try await line in execution.standardOutput.strings() {
                onLine(line)
                tail.append(line)
                if tail.count > Self.tailLength { tail.removeFirst() }
            }
        }
        try check(ending.terminationStatus, output: tail.joined(separator: "\n"))
    }

    /// Runs it and appends its standard output to a file.
    ///
    /// - Throws: `LocalModelFailure.programFailed` unless the exit code is 0.
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
