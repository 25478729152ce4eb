import FoundationEssentials
import NIOPosix

/// Builds `llama-server` from source and keeps only the executable.
package struct RuntimeInstaller: Sendable {
    private static let project = "llama-cpp-python"
    private static let archive = "llama_cpp_python-\(RuntimeProgram.version)"
    private static let archiveDigest = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
    private static let requiredBytes: Int64 = 900_000_000

    private let program: RuntimeProgram
    private let folder: String
    private let index: PackageIndex
    private let searchPath: String

    package init(program: RuntimeProgram, searchPath: String = RuntimeProgram.searchPath) {
        self.program = program
        self.searchPath = searchPath
        index = PackageIndex()
        folder = String(program.ownPath.prefix(upTo: program.ownPath.lastIndex(of: "/") ?? program.ownPath.endIndex))
    }

    /// Builds the program, which takes about five minutes on two cores.
    ///
    /// - Parameter cores: the number of parallel compile jobs.
    /// - Throws: `LocalModelFailure`.
    package func install(
        cores: Int, progress: @escaping @Sendable (InstallationProgress) -> Void
    ) async throws {
        for (name, package) in [("c++", "build-essential"), ("tar", "tar")]
        where RuntimeProgram.find(name, in: searchPath) == nil {
            throw LocalModelFailure.missingProgram(name, package: package)
        }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let lock = try InstallationLock(folder: folder)
        defer { lock.release() }
        try await index.check()
        let free = DiskSpace.free(at: folder)
        guard free >= Self.requiredBytes else {
            throw LocalModelFailure.diskFull(needed: Self.requiredBytes, free: free, folder: folder)
        }
        let work = "\(folder)/build"
        try await Self.delete(work)
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        do {
            try await build(in: work, cores: cores, progress: progress)
        } catch {
            try? await Self.delete(work)
            throw error
        }
        try await Self.delete(work)
    }

    private func build(
        in work: String, cores: Int, progress: @escaping @Sendable (InstallationProgress) -> Void
    ) async throws {
        progress(.step("Downloading the source of llama-server: 77 MB"))
        let source = try await downloadSource(into: work)
        let (cmake, ninja) = try await buildTools(in: work)
        progress(.step("Compiling llama-server; this takes some minutes"))
        try await ChildProcess(
            program: cmake,
            arguments: ["-S", source, "-B", "\(work)/out", "-G", "Ninja", "-DCMAKE_MAKE_PROGRAM=\(ninja)"] + Self.flags
        ).run()
        try await ChildProcess(program: ninja, arguments: ["-C", "\(work)/out", "-j", "\(cores)", "llama-server"])
            .run { line in
                if let fraction = Self.fraction(ofNinjaLine: line) { progress(fraction) }
            }
        let built = "\(work)/out/bin/llama-server"
        if let strip = RuntimeProgram.find("strip", in: searchPath) {
            try await ChildProcess(program: strip, arguments: [built]).run()
        }
        try await ChildProcess(program: built, arguments: ["--version"]).run()
        try Data(contentsOf: URL(filePath: "\(source)/LICENSE")).write(to: URL(filePath: "\(folder)/LICENSE"))
        try FileManager.default.moveItem(atPath: built, toPath: program.ownPath)
    }

    private func downloadSource(into work: String) async throws -> String {
        try await index.downloadSource(
            Self.project, RuntimeProgram.version, buildBackend: "scikit_build_core.build", into: work)
        let file = "\(work)/\(Self.archive).tar.gz"
        let found = try await FileDigest.sha256(of: file)
        guard found == Self.archiveDigest else {
            throw LocalModelFailure.wrongContent(
                "the source of llama-server", expected: Self.archiveDigest, found: found)
        }
        let tree = "\(Self.archive)/vendor/llama.cpp"
        try await ChildProcess(program: "tar", arguments: ["-xzf", file, "-C", work, "--no-same-owner", tree]).run()
        return "\(work)/\(tree)"
    }

    /// CMake and Ninja from the search path, else from the package index, for this build only.
    private func buildTools(in work: String) async throws -> (cmake: String, ninja: String) {
        if let cmake = RuntimeProgram.find("cmake", in: searchPath),
            let ninja = RuntimeProgram.find("ninja", in: searchPath)
        {
            return (cmake, ninja)
        }
        let tools = "\(work)/tools"
        try await index.install(["cmake==4.4.4", "ninja==1.13.2"], into: tools)
        return ("\(tools)/cmake/data/bin/cmake", "\(tools)/bin/ninja")
    }

    private static let flags: [String] = {
        let common = [
            "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF", "-DLLAMA_OPENSSL=OFF", "-DLLAMA_BUILD_UI=OFF",
            "-DLLAMA_USE_PREBUILT_UI=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF",
        ]
        // A fixed, portable set. Without it the build would target the oldest processors only.
        let portable = [
            "-DGGML_NATIVE=OFF", "-DGGML_SSE42=ON", "-DGGML_AVX=ON", "-DGGML_AVX2=ON", "-DGGML_FMA=ON",
            "-DGGML_F16C=ON", "-DGGML_BMI2=ON",
        ]
        return common + (hasAVX2 ? portable : ["-DGGML_NATIVE=ON"])
    }()

    private static var hasAVX2: Bool {
        guard let text = FileManager.default.contents(atPath: "/proc/cpuinfo") else { return false }
        return String(decoding: text, as: UTF8.self).contains(" avx2 ")
    }

    /// Parses the progress from a line such as `[21/206] Building …`.
    static func fraction(ofNinjaLine line: String) -> InstallationProgress? {
        guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return nil }
        let numbers = line[line.index(after: line.startIndex)..<end].split(separator: "/").compactMap { Double($0) }
        guard numbers.count == 2, numbers[1] > 0 else { return nil }
        return .fraction(numbers[0] / numbers[1], detail: "\(Int(numbers[0])) of \(Int(numbers[1])) files")
    }

    private static func delete(_ folder: String) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            guard FileManager.default.fileExists(atPath: folder) else { return }
            try FileManager.default.removeItem(atPath: folder)
        }
    }
}
