import Crypto
import Dashboard
import FoundationEssentials
import NIOCore
import Synchronization

/// The files of the dashboard as they are served.
struct DashboardFiles: Sendable {
    struct File: Sendable {
        var content: ByteBuffer
        var type: String
        let compressed: CompressedFile

        init(_ bytes: [UInt8], type: String) {
            content = ByteBuffer(bytes: bytes)
            self.type = type
            compressed = CompressedFile(bytes)
        }
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
        self.page = File(Array(page.utf8), type: Self.type(of: "index.html"))
        files = Dictionary(
            uniqueKeysWithValues: contents.filter { $0.key != "index.html" }.map { path, bytes in
                (path, File(bytes, type: Self.type(of: path)))
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

/// A file as gzip. It is compressed when it is asked for the first time, because a server should start at once.
final class CompressedFile: Sendable {
    private let bytes: [UInt8]
    private let result = Mutex<ByteBuffer??>(nil)

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Nil where it would not be smaller.
    var content: ByteBuffer? {
        result.withLock { result in
            if let result { return result }
            let compressed = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
                count = dashboard_gzip(bytes, bytes.count, buffer.baseAddress, buffer.count)
            }
            result = .some(compressed.isEmpty ? nil : ByteBuffer(bytes: compressed))
            return result ?? nil
        }
    }
}
