import CSQLite
import Dispatch
import Glibc
import Synchronization

/// A VFS of SQLite that records the writes and fsyncs of write-ahead logs, and can hold or fail an fsync, or be full.
///
/// Open an engine on it with `SQLiteEngine(path:vfs:logger:)`. Everything else goes to SQLite's default VFS.
package final class FaultyFileSystem: Sendable {
    package enum Event: Sendable, Hashable {
        case write
        /// An fsync that has returned.
        case sync
        case failedSync
        /// A write that a full disk refused.
        case failedWrite
        /// Something that a test did, by ``record(_:)``.
        case other(String)
    }

    /// An fsync that waits until the test releases it.
    package struct HeldSync: Sendable {
        fileprivate let starts = AsyncStream<Void>.makeStream()
        fileprivate let semaphore = DispatchSemaphore(value: 0)

        /// Returns when SQLite has called fsync.
        package func started() async { for await _ in starts.stream {} }

        package func release() { semaphore.signal() }
    }

    private struct State {
        var events: [Event] = []
        var failures = 0
        var isFull = false
        var held: HeldSync?
    }

    /// The name of the VFS.
    package let name: String
    private let state = Mutex(State())

    /// Stays registered until the process ends, because SQLite may still use it.
    package init() {
        name = "faulty-\(UInt64.random(in: .min ... .max))"
        guard let original = sqlite3_vfs_find(nil) else { return }
        let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        vfs.initialize(to: original.pointee)
        vfs.pointee.zName = UnsafePointer(strdup(name))
        vfs.pointee.pNext = nil
        vfs.pointee.pAppData = Unmanaged.passRetained(self).toOpaque()
        vfs.pointee.xOpen = { vfs, path, file, flags, outFlags in
            // The default VFS needs its own pAppData.
            guard let owner = vfs?.pointee.pAppData, let file, let original = sqlite3_vfs_find(nil) else {
                return SQLITE_CANTOPEN
            }
            let code = original.pointee.xOpen(original, path, file, flags, outFlags)
            if code == SQLITE_OK, flags & SQLITE_OPEN_WAL != 0 { FileMethods.replace(in: file, owner: owner) }
            return code
        }
        sqlite3_vfs_register(vfs, 0)
    }

    /// What has happened, in order.
    package var events: [Event] { state.withLock { $0.events } }

    /// Forgets what has happened so far.
    package func clear() { state.withLock { $0.events = [] } }

    package func record(_ event: String) { state.withLock { $0.events.append(.other(event)) } }

    /// Fails the next `count` fsyncs.
    package func failSyncs(_ count: Int = 1) { state.withLock { $0.failures = count } }

    /// Whether writes fail as on a full disk.
    package var isFull: Bool {
        get { state.withLock { $0.isFull } }
        set { state.withLock { $0.isFull = newValue } }
    }

    package func holdNextSync() -> HeldSync {
        let held = HeldSync()
        state.withLock { $0.held = held }
        return held
    }

    fileprivate func write(_ body: () -> Int32) -> Int32 {
        let isFull = state.withLock { state in
            state.events.append(state.isFull ? .failedWrite : .write)
            return state.isFull
        }
        return isFull ? SQLITE_FULL : body()
    }

    fileprivate func sync(_ body: () -> Int32) -> Int32 {
        let held = state.withLock { state in
            defer { state.held = nil }
            return state.held
        }
        held?.starts.continuation.finish()
        held?.semaphore.wait()
        let mustFail = state.withLock { state in
            defer { state.failures = max(0, state.failures - 1) }
            return state.failures > 0
        }
        let code = mustFail ? csqlite_ioerr_fsync : body()
        state.withLock { $0.events.append(code == SQLITE_OK ? .sync : .failedSync) }
        return code
    }
}

/// The methods of a file that SQLite has opened, with two of them replaced. The table of functions comes first, so that
/// SQLite's pointer to it is a pointer to all of this.
private struct FileMethods {
    var table: sqlite3_io_methods
    let original: UnsafePointer<sqlite3_io_methods>
    let owner: UnsafeMutableRawPointer

    var fileSystem: FaultyFileSystem { Unmanaged.fromOpaque(owner).takeUnretainedValue() }

    static func replace(in file: UnsafeMutablePointer<sqlite3_file>, owner: UnsafeMutableRawPointer) {
        guard let original = file.pointee.pMethods else { return }
        // A few hundred bytes for each log that a test opens are never freed.
        let methods = UnsafeMutablePointer<FileMethods>.allocate(capacity: 1)
        methods.initialize(to: FileMethods(table: original.pointee, original: original, owner: owner))
        methods.pointee.table.xWrite = { file, bytes, count, offset in
            guard let file, let methods = FileMethods.of(file) else { return SQLITE_INTERNAL }
            return methods.fileSystem.write { methods.original.pointee.xWrite(file, bytes, count, offset) }
        }
        methods.pointee.table.xSync = { file, flags in
            guard let file, let methods = FileMethods.of(file) else { return SQLITE_INTERNAL }
            return methods.fileSystem.sync { methods.original.pointee.xSync(file, flags) }
        }
        file.pointee.pMethods = UnsafeRawPointer(methods).assumingMemoryBound(to: sqlite3_io_methods.self)
    }

    private static func of(_ file: UnsafeMutablePointer<sqlite3_file>) -> FileMethods? {
        file.pointee.pMethods.map { UnsafeRawPointer($0).assumingMemoryBound(to: FileMethods.self).pointee }
    }
}
