import FoundationEssentials
import Glibc

/// The Unix sockets of `llama-server`: each start has one of its own, because several processes may run models on one
/// data folder (`letta-server doctor` beside the server).
enum RuntimeSocket {
    /// `sun_path` of a socket address holds 108 bytes.
    private static let longestPath = 106
    private static let prefix = "llama-"
    private static let suffix = ".sock"

    /// A path in a folder, or in a temporary folder when that path can't be a socket's address.
    static func newPath(_ purpose: LocalModel.Purpose, in folder: String) throws -> String {
        let number = String(UInt32.random(in: 0 ... .max), radix: 16)
        let path = "\(folder)/\(prefix)\(purpose.rawValue)-\(number)\(suffix)"
        // A comma separates addresses for llama-server.
        guard path.utf8.count > longestPath || path.contains(",") else { return path }
        var template = Array("/tmp/letta-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw LocalModelFailure.file(path, reason: "a socket can be created neither there nor in /tmp")
        }
        let temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(temporary)/\(purpose.rawValue)\(suffix)"
    }

    /// Removes the sockets that a killed process left.
    static func removeDead(in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            let path = "\(folder)/\(name)"
            if isDead(path) { unlink(path) }
        }
    }

    /// Whether nobody listens. A process id in the name would not tell: containers that share a folder have the same ones.
    private static func isDead(_ path: String) -> Bool {
        guard path.utf8.count <= longestPath else { return false }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return status != 0 && errno == ECONNREFUSED
    }
}
