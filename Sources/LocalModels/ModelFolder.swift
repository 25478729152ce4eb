import Crypto
import FoundationEssentials
import Glibc
import NIOPosix
import SystemPackage

/// The installed models: a folder for each in `models/` of the data folder.
package struct ModelFolder: Sendable {
    let path: String

    package init(dataFolder: String) {
        path = "\(dataFolder)/models"
    }

    func folder(of model: LocalModel) -> String { "\(path)/\(model.name)" }

    /// The file that `llama-server` loads.
    package func file(of model: LocalModel) -> String { "\(folder(of: model))/model.gguf" }

    /// Whether the model's file exists with the expected size. `verify` checks its content.
    package func isInstalled(_ model: LocalModel) -> Bool {
        FileSize.ofFile(file(of: model)) == model.bytes
    }

    /// Whether anything of the model is there, if only a part of its file.
    package func hasFiles(of model: LocalModel) -> Bool {
        FileManager.default.fileExists(atPath: folder(of: model))
    }

    /// Whether the digest of the file matches the catalogue. Reads the whole file.
    package func verify(_ model: LocalModel) async throws -> Bool {
        guard isInstalled(model) else { return false }
        return try await FileDigest.sha256(of: file(of: model)) == model.sha256
    }

    /// Deletes the model and what an interrupted installation left; false when there was neither.
    package func remove(_ model: LocalModel) async throws -> Bool {
        let folders = [folder(of: model), staging(of: model)]
        return try await NIOThreadPool.singleton.runIfActive {
            let present = folders.filter { FileManager.default.fileExists(atPath: $0) }
            for folder in present { try FileManager.default.removeItem(atPath: folder) }
            return !present.isEmpty
        }
    }

    /// Where a model is assembled before it is renamed into place.
    func staging(of model: LocalModel) -> String { "\(path)/.\(model.name).part" }
}

enum FileSize {
    /// In bytes; nil when there is no such file.
    static func ofFile(_ path: String) -> Int64? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return Int64(lseek(file, 0, SEEK_END))
    }
}

enum FileDigest {
    private static let chunk = 1_024 * 1_024

    /// The digest in hexadecimal digits, computed on the blocking thread pool.
    static func sha256(of path: String) async throws -> String {
        try await NIOThreadPool.singleton.runIfActive {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            defer { try? file.close() }
            return try withUnsafeTemporaryAllocation(byteCount: chunk, alignment: 16) { buffer in
                var hash = SHA256()
                while case let count = try file.read(into: buffer), count > 0 {
                    hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
                return hash.finalize().map(hexadecimal).joined()
            }
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0\(digits)" : digits
    }
}
