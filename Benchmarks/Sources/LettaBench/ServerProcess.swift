import Foundation

/// A server under test: the release binary in a process of its own, on a free port.
final class ServerProcess {
    let port: UInt16
    /// From the start of the process to the whole of its first answer.
    let secondsToFirstAnswer: Double
    private let process: Process

    /// - Parameters:
    ///   - folder: the data folder, which is kept; the log goes to a file in it, as a log would.
    ///   - environment: settings beside those of every measurement.
    init(binary: String, folder: String, environment: [String: String] = [:]) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let log = "\(folder)/server.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = Pipe()
        process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = ["serve", "--port", "0", "--data-dir", folder]
        process.environment = ["HOME": folder, "PATH": "/usr/bin:/bin"].merging(Self.passedOn) { own, _ in own }
            .merging(environment) { _, given in given }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let start = ContinuousClock.now
        try OpenFiles.limitedAsUsual { [process] in try process.run() }
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
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(process.processIdentifier, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw BenchmarkFailure("the server's processor time can't be read")
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
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

/// How many files a process may have open.
enum OpenFiles {
    /// Allows as many as the system does: each stream is a connection on either side of the server.
    static func raiseLimit() {
        setSoftLimit { $0.rlim_max }
    }

    /// Runs `body`, which starts a process, with what a process usually gets: a server has to help itself.
    static func limitedAsUsual(_ body: () throws -> Void) rethrows {
        setSoftLimit { min(1024, $0.rlim_max) }
        defer { raiseLimit() }
        try body()
    }

    private static func setSoftLimit(_ value: (rlimit) -> rlim_t) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = value(limit)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
