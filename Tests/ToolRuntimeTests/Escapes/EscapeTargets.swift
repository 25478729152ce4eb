import Foundation
import Testing

@testable import ToolRuntime

/// What a hostile tool would like to reach: a file, sockets, a process of its own user.
final class EscapeTargets: Sendable {
    private static let secret = "the secret of the host"

    private let folder: String
    private let victim: pid_t
    private let listeners: [Int32]
    /// The definitions of the targets in Python.
    let names: String

    init(of sandbox: ToolSandbox) async throws {
        setenv("ESCAPE", Self.secret, 1)
        let name = "letta-escape-\(UUID().uuidString)"
        let folder = "/tmp/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(Self.secret.utf8).write(to: URL(filePath: "\(folder)/secret"))
        // The tools' user could do all of it but for the walls.
        for path in [folder, "\(folder)/secret"] {
            try #require(chmod(path, 0o777) == 0)
            if sandbox.changesUser { try #require(chown(path, sandbox.user, sandbox.user) == 0) }
        }
        let process = Process()
        let command = sandbox.unprivileged + ["/bin/sleep", "300"]
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        try process.run()
        let victim = process.processIdentifier
        let (server, port) = try Self.listen()
        let listeners = [server, try Self.listen(at: "\0\(name)"), try Self.listen(at: "\(folder)/socket")]
        try #require(chmod("\(folder)/socket", 0o777) == 0)
        self.folder = folder
        self.victim = victim
        self.listeners = listeners
        names = """
            FOLDER, SECRET, SOCKET, ABSTRACT = "\(folder)", "\(folder)/secret", "\(folder)/socket", "\(name)"
            PORT, VICTIM = \(port), \(victim)

            """
    }

    deinit {
        kill(victim, SIGKILL)
        for listener in listeners { close(listener) }
        try? FileManager.default.removeItem(atPath: folder)  // in the temporary folder
    }

    /// Whether nobody connected, and the file and the process are as they were.
    var areUntouched: Bool {
        var state = stat()
        let isSame = FileManager.default.contents(atPath: "\(folder)/secret") == Data(Self.secret.utf8)
        let isKept = stat("\(folder)/secret", &state) == 0 && state.st_mode & 0o777 == 0o777 && state.st_mtim.tv_sec > 1
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let status = FileManager.default.contents(atPath: "/proc/\(victim)/status") ?? Data()
        let isAsleep = String(decoding: status, as: UTF8.self).contains("State:\tS")
        return isSame && isKept && files == ["secret", "socket"] && isAsleep
            && listeners.allSatisfy { accept($0, nil, nil) < 0 }
    }

    // MARK: Listeners that nobody should reach

    private static func listen() throws -> (Int32, UInt16) {
        let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(made, $0, size) == 0 && getsockname(made, $0, &size) == 0
            }
        }
        try #require(isBound && Glibc.listen(made, 8) == 0)
        return (made, UInt16(bigEndian: address.sin_port))
    }

    /// - Parameter path: with a zero byte first for an abstract one.
    private static func listen(at path: String) throws -> Int32 {
        let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes.prefix(107)) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(made, $0, size) == 0 }
        }
        try #require(isBound && Glibc.listen(made, 8) == 0)
        return made
    }
}
