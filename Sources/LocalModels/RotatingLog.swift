import Glibc
import NIOPosix
import Synchronization
import SystemPackage

/// A log file of bounded size: when it is full it is renamed to `NAME.1`, which replaces the previous one.
final class RotatingLog: Sendable {
    let path: String
    private let limit: Int
    private let state = Mutex<(file: FileDescriptor?, size: Int)>((nil, 0))

    init(path: String, limit: Int = 5 * 1_024 * 1_024) {
        self.path = path
        self.limit = limit
    }

    deinit {
        state.withLock { try? $0.file?.close() }
    }

    /// Writes on the blocking thread pool.
    func append(_ bytes: [UInt8]) async throws {
        try await NIOThreadPool.singleton.runIfActive { try self.write(bytes) }
    }

    private func write(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            var file = try state.file ?? open(&state)
            if state.size + bytes.count > limit, state.size > 0 {
                try file.close()
                state.file = nil
                rename(path, "\(path).1")
                file = try open(&state)
            }
            try file.writeAll(bytes)
            state.size += bytes.count
        }
    }

    private func open(_ state: inout (file: FileDescriptor?, size: Int)) throws -> FileDescriptor {
        let file = try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.append, .create, .closeOnExec], permissions: [.ownerReadWrite])
        state = (file, Int(try file.seek(offset: 0, from: .end)))
        return file
    }
}
