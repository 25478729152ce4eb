import FoundationEssentials
import Glibc

/// The data folder, and the lock that admits one server.
package struct DataFolder: Sendable {
    package let path: String

    package var database: String { Self.database(in: path) }
    static func database(in folder: String) -> String { "\(folder)/letta.sqlite" }
    package var backups: String { "\(path)/backups" }
    var keyFile: String { "\(path)/encryption.key" }

    /// Creates the folder if it is missing, accessible by its owner only.
    ///
    /// - Throws: `StartUpFailure.dataFolderUnusable`.
    package init(path: String) throws {
        self.path = path
        for folder in [path, "\(path)/run", "\(path)/backups"] { try Self.make(folder) }
    }

    private static func make(_ folder: String) throws {
        // The folders above it as well. What can't be made is reported for the folder itself, by what it lacks.
        for (index, character) in zip(folder.indices, folder) where character == "/" && index > folder.startIndex {
            mkdir(String(folder[..<index]), 0o700)
        }
        let isMade = mkdir(folder, 0o700) == 0
        let problem = errno
        guard !isMade else { return }
        guard let stream = opendir(folder) else {
            throw StartUpFailure.dataFolderUnusable(folder, reason: text(of: problem == EEXIST ? errno : problem))
        }
        closedir(stream)
        guard access(folder, W_OK | X_OK) == 0 else {
            throw StartUpFailure.dataFolderUnusable(folder, reason: text(of: errno))
        }
    }

    private static func text(of code: Int32) -> String { String(cString: strerror(code)) }

    /// Takes the lock, which the process holds until it exits.
    ///
    /// - Throws: `StartUpFailure.dataFolderInUse` when another process holds it.
    package func lock() throws {
        let file = open("\(path)/server.lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw StartUpFailure.dataFolderUnusable(path, reason: "server.lock: \(Self.text(of: errno))")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw StartUpFailure.dataFolderInUse(path)
        }
        // The descriptor stays open on purpose: closing it would release the lock.
    }

    /// The key stored in the folder; nil when there is none.
    func storedEncryptionKey() throws -> String? {
        guard FileManager.default.fileExists(atPath: keyFile) else { return nil }
        guard let data = FileManager.default.contents(atPath: keyFile) else {
            throw StartUpFailure.dataFolderUnusable(path, reason: "\(keyFile) can't be read")
        }
        let text = String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
        guard !text.isEmpty else { throw StartUpFailure.dataFolderUnusable(path, reason: "encryption.key is empty") }
        return text
    }

    /// Generates a key and stores it in the folder.
    func createEncryptionKey() throws -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let key = Data(bytes).base64EncodedString()
        try write(key, to: keyFile)
        return key
    }

    /// Writes a new file atomically, readable by its owner only.
    private func write(_ text: String, to file: String) throws {
        let draft = "\(file).new"
        unlink(draft)
        let descriptor = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StartUpFailure.dataFolderUnusable(path, reason: "\(file): \(Self.text(of: errno))")
        }
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(draft, file) == 0 else {
            throw StartUpFailure.dataFolderUnusable(path, reason: "\(file) could not be written")
        }
    }
}
