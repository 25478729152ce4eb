import Glibc
import NIOCore
import Synchronization

/// The Unix socket that a server listens on, for processes of the same user only.
final class UnixSocket: Sendable {
    let path: String
    private let previousMask: mode_t
    /// The file that this server made; nil before.
    private let file = Mutex<ino_t?>(nil)

    /// From now on until ``closeToOthers()``, files are made for this user only: between `bind` and `chmod` nobody else
    /// can connect.
    init(_ path: String) {
        self.path = path
        previousMask = umask(0o077)
    }

    /// Called when the server listens.
    func closeToOthers() {
        chmod(path, 0o600)
        umask(previousMask)
        file.withLock { $0 = Self.file(at: path) }
    }

    /// Removes the file, unless this server never listened or another one has replaced it.
    func remove() {
        guard let file = file.withLock({ $0 }) else {
            umask(previousMask)
            return
        }
        if Self.file(at: path) == file { unlink(path) }
    }

    private static func file(at path: String) -> ino_t? {
        var state = stat()
        return lstat(path, &state) == 0 ? state.st_ino : nil
    }

    /// - Throws: `StartUpFailure` when a process listens on the socket, or the path is none that a socket can have. What an
    ///   ended server left is replaced.
    static func checkFree(_ path: String) throws {
        var state = stat()
        guard lstat(path, &state) == 0 else { return try checkName(path) }
        guard state.st_mode & S_IFMT == S_IFSOCK else {
            throw StartUpFailure.invalidSetting("The socket \(path) can't be made: another file has this name.")
        }
        guard try connects(to: path) else { return }
        throw StartUpFailure.invalidSetting(
            "Another process listens on the socket \(path). Stop it, or choose another path with --socket.")
    }

    private static func checkName(_ path: String) throws {
        guard (try? SocketAddress(unixDomainSocketPath: path)) != nil else {
            throw StartUpFailure.invalidSetting(
                "The socket path \(path) is longer than the 107 bytes that Linux allows.")
        }
        let folder = path.lastIndex(of: "/").map { path[..<$0].isEmpty ? "/" : String(path[..<$0]) } ?? "."
        guard access(folder, W_OK | X_OK) == 0 else {
            throw StartUpFailure.invalidSetting(
                "The socket \(path) can't be made in \(folder): \(String(cString: strerror(errno))).")
        }
    }

    private static func connects(to path: String) throws -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return try SocketAddress(unixDomainSocketPath: path).withSockAddr { address, size in
            connect(descriptor, address, socklen_t(size)) == 0
        }
    }
}
