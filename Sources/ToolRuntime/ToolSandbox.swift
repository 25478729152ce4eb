import Glibc
import JSON
import Subprocess
import SystemPackage

/// Runs our own small Python programs on untrusted code, each in a sandbox that is discarded afterwards.
///
/// The sandbox is bubblewrap's: namespaces of its own for users, processes, network and the rest, the system's programs
/// read-only, a small `/tmp`, and nothing of the server's folders, environment or descriptors. Nothing runs without it.
/// Inside, a seccomp filter refuses the system calls that no tool needs. When the machine runs out of memory, the kernel
/// kills the sandbox before the server; where the system delegates control groups, each sandbox has one.
package struct ToolSandbox: Sendable {
    /// The limits of a run. Sizes are in bytes.
    package struct Limits: Sendable {
        package var seconds = 180.0
        /// Per process in address space, and for all together in resident pages.
        package var memory = 2 << 30
        package var file = 50 << 20
        package var temporaryFolder = 64 << 20
        package var descriptors = 256
        /// Processes and threads.
        package var processes = 64
        /// The size of the program's answer.
        package var answer = 8 << 20
        /// For each of stdout and stderr; the rest is counted and dropped.
        package var output = 64 << 10

        package init() {}
    }

    package var bubblewrap: String
    package var python: String
    package var limits: Limits
    /// Nil where the system delegates none.
    package var controlGroups: ToolControlGroups?
    /// Where packages for tools are installed; nil when tools may have none.
    package var packagesFolder: String?
    /// The settings of pip: its index, certificates and the like.
    package var pipConfiguration = "/etc/pip.conf"

    package init(
        bubblewrap: String = "/usr/bin/bwrap", python: String = "/usr/bin/python3", limits: Limits = Limits(),
        controlGroups: ToolControlGroups? = nil
    ) {
        self.bubblewrap = bubblewrap
        self.python = python
        self.limits = limits
        self.controlGroups = controlGroups
    }

    /// Calls `work(request)` of the program in a new sandbox.
    ///
    /// Cancelling the task kills all its processes.
    ///
    /// - Parameter packages: a folder that the program finds as `/packages`.
    /// - Throws: `SandboxFailure` when there was no sandbox, `CancellationError`.
    func run(
        _ program: SandboxProgram, _ request: JSONObject, packages: String? = nil
    ) async throws -> SandboxReport {
        if let path = missingPrograms.first { throw SandboxFailure.missing(path) }
        var request = request
        request["limits"] = limits.json
        if packages != nil { request["packages"] = "/packages" }
        let input = JSONWriter.bytes(of: request)
        // The program inside enforces the time limit itself; this is for one that a tool keeps from it.
        let patience = Duration.seconds(limits.seconds + 30)
        return try await withThrowingTaskGroup(of: SandboxReport.self) { group in
            group.addTask { try await start(program, input, packages) }
            group.addTask {
                try await ContinuousClock().sleep(for: patience)
                return SandboxReport(end: .tooLong)
            }
            defer { group.cancelAll() }
            guard let report = try await group.next() else { throw CancellationError() }
            return report
        }
    }

    private func start(
        _ program: SandboxProgram, _ input: [UInt8], _ packages: String?
    ) async throws -> SandboxReport {
        let group = try controlGroups?.create(for: limits)
        do {
            let report = try await execute(program, input, packages, in: group)
            await group?.remove()
            return report
        } catch {
            await group?.remove()
            throw error
        }
    }

    private func execute(
        _ program: SandboxProgram, _ bytes: [UInt8], _ packages: String?, in group: ToolControlGroups.Group?
    ) async throws -> SandboxReport {
        var platform = PlatformOptions()
        platform.createSession = true
        platform.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(50))
        ]
        let command =
            [Self.shell, "-c", Self.launch, "sandbox", group?.path ?? ""] + unprivileged + [bubblewrap]
            + (packages.map { ["--ro-bind", $0, "/packages"] } ?? []) + walls + [python, "-I", "-c", program.text]
        let input = try SandboxInput.descriptor(of: bytes)
        let result: ExecutionResult<Void, BytesOutput, StringOutput<UTF8>>
        do {
            result = try await Subprocess.run(
                .path(FilePath(command[0])), arguments: .init(Array(command.dropFirst())),
                environment: .custom(["PATH": "/usr/bin:/bin"]), workingDirectory: "/", platformOptions: platform,
                input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                output: .bytes(limit: 2 * limits.answer + 8 * limits.output),
                error: .string(limit: 1 << 16))
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw SandboxFailure.broken("\(error)")
        }
        try Task.checkCancellation()
        if let report = SandboxReport(result.standardOutput) { return report }
        if group?.hasRunOutOfMemory == true { return SandboxReport(end: .tooMuchMemory) }
        // The supervisor writes an empty line before it starts the program.
        if result.standardOutput.first == UInt8(ascii: "\n") {
            return SandboxReport(end: .died("its sandbox was killed, as the system does when memory runs out"))
        }
        let reason = result.standardError.split(separator: "\n").last.map(String.init)
        throw SandboxFailure.broken(reason ?? "\(result.terminationStatus)")
    }

    /// The programs without which nothing runs, of those that are not there.
    package var missingPrograms: [String] {
        ([Self.shell] + unprivileged.prefix(1) + [bubblewrap, python]).filter { access($0, X_OK) != 0 }
    }

    /// Whether tools run as another user than the server, which is root then.
    package var changesUser: Bool { geteuid() == 0 }

    static let shell = "/bin/sh"

    /// Joins the control group `$1`, if there is one, and offers itself as the first process to kill when memory runs out.
    /// Then becomes the rest of its arguments. Does both here because later nothing can undo it: `/proc` is read-only inside.
    private static let launch = """
        [ -z "$1" ] || echo $$ >"$1/cgroup.procs" || exit 1
        { echo 1000 >"/proc/$$/oom_score_adj"; } 2>/dev/null
        shift
        exec "$@"
        """

    /// Runs as nobody if the server runs as root. As root, bubblewrap is no sandbox: the kernel trusts the user,
    /// whatever the namespace is.
    ///
    /// swift-subprocess 1.0.2 can change the user itself, but calls functions of glibc between clone and exec that may
    /// wait forever for threads that the child does not have.
    var unprivileged: [String] {
        geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : []
    }

    var walls: [String] {
        [
            "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--disable-userns",
            // Otherwise bubblewrap is the first process inside, and its environment is readable.
            "--as-pid-1", "--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv",
            "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8",
            "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
            "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin",
            "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/ssl", "/etc/ssl",
            // Read-only, so that nothing inside can lower its oom_score_adj again.
            "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev", "--size", "16777216", "--tmpfs", "/dev/shm",
            "--remount-ro", "/dev",
            "--size", "\(limits.temporaryFolder)", "--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/",
        ]
    }
}

extension ToolSandbox.Limits {
    fileprivate var json: JSONValue {
        [
            "seconds": .double(seconds), "memory": .int(Int64(memory)), "file": .int(Int64(file)),
            "descriptors": .int(Int64(descriptors)), "processes": .int(Int64(processes)),
            "answer": .int(Int64(answer)), "output": .int(Int64(output)),
        ]
    }
}

/// Why no sandbox ran, or why its outcome is unknown.
package enum SandboxFailure: Error, Sendable, CustomStringConvertible {
    case missing(String)
    case broken(String)
    /// Packages could not be installed.
    case pip(String)

    package var description: String {
        switch self {
        case .missing(let path):
            "Python tools can't run here: \(path) is missing. Install the packages bubblewrap, python3 and util-linux."
        case .pip(let reason): reason
        case .broken(let reason):
            "The sandbox for Python tools does not work: \(reason)"
        }
    }
}
