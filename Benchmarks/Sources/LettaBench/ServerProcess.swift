import Foundation

/// A server under test: the release binary in a process of its own, on a free port.
final class ServerProcess {
    let port: UInt16
    /// From the start of the process to the whole of its first answer.
    let secondsToFirstAnswer: Double
    private let process: Process

    /// - Parameter folder: the data folder, which is kept; the log goes to a file in it, as a log would.
    init(binary: String, folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let log = "\(folder)/server.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = Pipe()
        process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = ["serve", "--port", "0", "--data-dir", folder]
        process.environment = ["HOME": folder, "PATH": "/usr/bin:/bin"].merging(Self.passedOn) { own, _ in own }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let start = ContinuousClock.now
        try process.run()
        guard let port = Self.port(announcedOn: output.fileHandleForReading) else {
            process.terminate()
            throw BenchmarkFailure("the server did not start; see \(log)")
        }
        self.port = port
        let connection = try Connection(port: port)
        try connection.send(RequestBytes.get("/v1/health/").bytes)
        _ = try connection.receive()
        secondsToFirstAnswer = start.duration(to: .now) / .seconds(1)
    }

    /// Settings of the C library that are to be tried, and nothing that would make this another server.
    private static var passedOn: [String: String] {
        ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("MALLOC_") || $0.key == "LD_LIBRARY_PATH" }
    }

    private static func port(announcedOn handle: FileHandle) -> UInt16? {
        var text = ""
        while !text.contains("\n") {
            let data = handle.availableData
            if data.isEmpty { return nil }
            text += String(decoding: data, as: UTF8.self)
        }
        return text.split(separator: "\n").first?.split(separator: ":").last.flatMap { UInt16($0) }
    }

    /// User and system time of all threads so far.
    func processorSeconds() throws -> Double {
        let text = try Self.contents(of: "/proc/\(process.processIdentifier)/stat")
        // The name, which may hold anything, ends with the last parenthesis.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw BenchmarkFailure("/proc/…/stat is not as expected")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory now.
    func residentMegabytes() throws -> Double {
        let text = try Self.contents(of: "/proc/\(process.processIdentifier)/status")
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { throw BenchmarkFailure("/proc/…/status is not as expected") }
        return kilobytes / 1024
    }

    func end() {
        process.terminate()
        process.waitUntilExit()
    }

    private static func contents(of path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw BenchmarkFailure("\(path) can't be read")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
