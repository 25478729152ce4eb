import Storage

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// File operations that SQLite does not do: private modes and atomic creation of copies.
enum SQLiteFile {
    /// Creates the file if there is none and takes everybody else's access away. SQLite gives its log files
    /// the same mode.
    static func makePrivate(_ path: String) throws(SQLFailure) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            // A file that exists and is read-only can still be opened by SQLite, which says more than we could.
            if errno == EACCES || errno == EROFS, access(path, R_OK) == 0 { return }
            throw failure("open", path)
        }
        defer { _ = close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("examine", path) }
        guard status.st_mode & 0o077 != 0 else { return }
        guard fchmod(file, status.st_mode & 0o700) == 0 else { throw failure("protect", path) }
    }

    /// Lets `write` fill a file beside `path`, fsyncs and renames it: `path` exists completely or not at all. Refuses a
    /// `path` that exists.
    static func writeCompletely(
        to path: String, _ write: (_ partial: String) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        guard !exists(path) else {
            throw SQLFailure(.other, "the file \(path) exists already and is not overwritten")
        }
        let partial = "\(path).partial-\(getpid())-\(UInt32.random(in: .min ... .max))"
        let file = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("create", partial) }
        defer { _ = close(file) }
        do throws(SQLFailure) {
            try write(partial)
            guard fsync(file) == 0 else { throw failure("store", partial) }
            guard rename(partial, path) == 0 else { throw failure("name", path) }
        } catch {
            unlink(partial)
            throw error
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func failure(_ verb: String, _ path: String) -> SQLFailure {
        SQLFailure(.unavailable, "can not \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
