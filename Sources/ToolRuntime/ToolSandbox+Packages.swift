import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// Installs the packages that tools need, ahead of their calls.
///
/// pip runs in a sandbox of its own, the only one with a network, and takes wheels only, so that nothing of a package
/// runs while it is installed. Tools find the packages read-only.
extension ToolSandbox {
    /// The folder with the packages that are called `key`; nil when they are not installed.
    package func packages(_ key: String) -> String? {
        guard let path = packagesFolder.map({ "\($0)/\(key)" }) else { return nil }
        return access(path, R_OK | X_OK) == 0 ? path : nil
    }

    /// Installs packages under the name `key`, which must be one of a file.
    ///
    /// - Parameter requirements: as pip takes them, such as `numpy==2.1.0`.
    /// - Throws: `SandboxFailure` with the reason, `CancellationError`.
    package func install(_ requirements: [String], as key: String) async throws {
        guard let folder = packagesFolder else { throw SandboxFailure.broken("no packages are allowed") }
        if let path = missingPrograms.first { throw SandboxFailure.missing(path) }
        let draft = "\(folder)/.\(key).new"
        try Self.makeFolder(folder)
        remove(draft)
        try Self.makeFolder(draft)
        if geteuid() == 0, chown(draft, user, user) != 0 { throw Self.failure(draft) }
        defer { remove(draft) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runPip(requirements, into: draft) }
            group.addTask {
                try await ContinuousClock().sleep(for: Self.installingTime)
                throw SandboxFailure.pip("pip did not end within \(Self.installingTime)")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        guard rename(draft, "\(folder)/\(key)") == 0 || packages(key) != nil else { throw Self.failure(folder) }
    }

    private static let installingTime = Duration.seconds(600)

    /// Temporary files are beside the packages: those in memory are few. Bytecode is made here, which runs nothing: calls
    /// find the packages read-only and would compile them anew each time. Some packages have files of other versions of
    /// Python, which don't compile.
    private static let script = """
        ulimit -f 1048576; ulimit -v 4194304; mkdir -p /packages/.tmp
        "$@" || exit 1
        rm -rf /packages/.tmp
        "$1" -I -m compileall -q /packages || true
        [ "$(du -sk /packages | cut -f1)" -le 2097152 ] && exit
        echo "ERROR: the packages take more than 2 GiB" >&2
        exit 1
        """

    private func runPip(_ requirements: [String], into draft: String) async throws {
        var box = Self.networkFiles + boxArguments.filter { $0 != "--unshare-net" }
        box.insert(
            contentsOf: [
                "--ro-bind-try", pipConfiguration, "/etc/pip.conf", "--bind", draft, "/packages",
            ], at: 0)
        let pip =
            [python, "-I"] + Self.pip() + ["install", "--quiet", "--target", "/packages", "--only-binary", ":all:"]
            + ["--no-input", "--no-cache-dir", "--disable-pip-version-check", "--no-compile", "--no-color"]
            + ["--no-warn-script-location", "--"] + requirements
        let command =
            unprivileged + [bubblewrap] + box + ["--setenv", "TMPDIR", "/packages/.tmp"]
            + [Self.shell, "-c", Self.script, "pip"] + pip
        let result = try await Subprocess.run(
            .path(FilePath(command[0])), arguments: .init(Array(command.dropFirst())),
            environment: .custom(["PATH": "/usr/bin:/bin"]), workingDirectory: "/", platformOptions: Self.platform,
            output: .discarded, error: .string(limit: 1 << 20))
        try Task.checkCancellation()
        guard case .exited(0) = result.terminationStatus else {
            let lines = result.standardError.split(separator: "\n")
            let errors = lines.filter { $0.hasPrefix("ERROR: ") }.map { $0.dropFirst("ERROR: ".count) }
            let reason = (errors.isEmpty ? lines.suffix(1) : errors[...]).joined(separator: " ")
            throw SandboxFailure.pip(reason.isEmpty ? "pip failed: \(result.terminationStatus)" : reason)
        }
    }

    /// How Debian's Python runs pip: as its module, else out of the wheel of `python3-pip-whl`, which other than
    /// `python3-pip` brings no compilers along.
    private static func pip() -> [String] {
        let wheels = "/usr/share/python-wheels"
        guard !FileManager.default.fileExists(atPath: "/usr/lib/python3/dist-packages/pip"),
            let names = try? FileManager.default.contentsOfDirectory(atPath: wheels),
            let wheel = names.filter({ $0.hasPrefix("pip-") && $0.hasSuffix(".whl") }).max()
        else { return ["-m", "pip"] }
        return ["\(wheels)/\(wheel)/pip"]
    }

    private static func makeFolder(_ path: String) throws(SandboxFailure) {
        // Whoever runs tools reads what is in it.
        guard mkdir(path, 0o755) == 0 || errno == EEXIST, chmod(path, 0o755) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String) -> SandboxFailure {
        .pip("\(path) can't be used: \(String(cString: strerror(errno)))")
    }

    private func remove(_ path: String) {
        // What remains is in the way of the next attempt, which says so.
        try? FileManager.default.removeItem(atPath: path)
    }
}
