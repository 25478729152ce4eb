import Crypto
import Dashboard
import FoundationEssentials
import NIOCore

/// The files of the dashboard as they are served.
struct DashboardFiles: Sendable {
    struct File: Sendable {
        var content: ByteBuffer
        var type: String
    }

    /// By path, without the page itself.
    let files: [String: File]
    /// The page that loads them.
    let page: File
    /// Changes with any of the files: browsers may keep what they got under it.
    let version: String

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml", "txt": "text/plain; charset=utf-8",
    ]

    /// Those of this program.
    static let embedded = DashboardFiles(allEmbedded())

    /// - Parameter contents: by path; `index.html` is the page, in which `VERSION` stands for the version.
    init(_ contents: [String: [UInt8]]) {
        var hash = SHA256()
        for (path, bytes) in contents.sorted(by: { $0.key < $1.key }) {
            hash.update(data: Data(path.utf8))
            hash.update(data: Data(bytes))
        }
        let version = hash.finalize().prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let page = String(decoding: contents["index.html"] ?? [], as: UTF8.self).replacing("VERSION", with: version)
        self.version = version
        self.page = File(content: ByteBuffer(string: page), type: Self.type(of: "index.html"))
        files = Dictionary(
            uniqueKeysWithValues: contents.filter { $0.key != "index.html" }.map { path, bytes in
                (path, File(content: ByteBuffer(bytes: bytes), type: Self.type(of: path)))
            })
    }

    private static func type(of path: String) -> String {
        types[path.split(separator: ".").last.map(String.init) ?? ""] ?? "application/octet-stream"
    }

    private static func allEmbedded() -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        while let file = dashboard_file(contents.count)?.pointee {
            contents[String(cString: file.path)] = Array(UnsafeBufferPointer(start: file.bytes, count: file.size))
        }
        return contents
    }
}
