import FoundationEssentials
import Glibc
import JSON
import Subprocess
import SystemPackage

/// Runs our own small Python programs on untrusted code, each call in a sandbox that is discarded afterwards.
///
/// The sandbox is bubblewrap's: namespaces of its own for users, processes, network and the rest, the system's programs
/// read-only, a small `/tmp`, and nothing of the server's folders, environment or descriptors. Inside, Landlock and a seccomp
/// filter refuse what no tool needs. When the machine runs out of memory, the kernel kills the sandbox before the server;
/// where the system delegates control groups, each call has one. Where namespaces are refused, Landlock has to do alone.
package struct ToolSandbox: Sendable {
    /// The limits of a run. Sizes are in bytes.
    package struct Limits: Sendable {
        package var seconds = 180.0
        /// Per process in address space, and for all together in resident pages.
        package var memory = 2 << 30
        /// Per process, where a program reserves far more addresses than memory; nil for `memory`.
        package var addresses: Int?
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

    /// What keeps a program from the rest of the system.
    package enum Walls: Sendable, Hashable {
        /// bubblewrap, with Landlock inside where the kernel has it.
        case namespaces
        /// Landlock and seccomp without namespaces.
        case landlock
        /// Nothing but another user, if the server is root: the operator has said so.
        case none
        /// There are no walls here, for this reason: nothing runs.
        case refused(String)
    }

    package var walls = Walls.namespaces
    package var bubblewrap: String
    package var python: String
    package var limits: Limits
    /// Nil where the system delegates none.
    package var controlGroups: ToolControlGroups?
    /// Where packages for tools are installed; nil when tools may have none.
    package var packagesFolder: String?
    /// The settings of pip: its index, certificates and the like.
    package var pipConfiguration = "/etc/pip.conf"
    /// The program that runs JavaScript and TypeScript; nil where there is none.
    package var node: String?
    /// The folder with the Unix socket `api` of the server's own API, for calls that have a token; nil for none.
    package var apiFolder: String?
    /// The hosts that tools reach, over a proxy for HTTP: names, `*.` and a name, or `*` for all public ones.
    package var network: [String] = []
    /// The hosts among them that may be private.
    package var privateHosts: [String] = []
    /// Who runs tools where the server is root: nobody.
    package var user: UInt32 = 65_534
    /// Keeps processes that start calls quickly; nil to start a sandbox for each call.
    package var warm: WarmSandboxes?

    package init(
        bubblewrap: String = "/usr/bin/bwrap", python: String = "/usr/bin/python3", limits: Limits = Limits(),
        controlGroups: ToolControlGroups? = nil
    ) {
        self.bubblewrap = bubblewrap
        self.python = python
        self.limits = limits
        self.controlGroups = controlGroups
    }

    /// Calls `work(request)` of the program in a sandbox of its own.
    ///
    /// Cancelling the task kills all its processes.
    ///
    /// - Parameter packages: a folder that the program finds as `/packages`.
    /// - Throws: `SandboxFailure` when there was no sandbox, `CancellationError`.
    func run(
        _ program: SandboxProgram, _ request: JSONObject, packages: String? = nil
    ) async throws -> SandboxReport {
        if case .refused(let reason) = walls { throw SandboxFailure.refused(reason) }
        if let path = missingPrograms.first { throw SandboxFailure.missing(path) }
        var request = request
        request["limits"] = limits.json
        request["walls"] = .string(walls.name)
        if program == .runTool, !network.isEmpty {
            request["network"] = .array(network.map { .string($0) })
            request["private"] = .array(privateHosts.map { .string($0) })
        }
        if let packages { request["packages"] = .string(walls == .namespaces ? "/packages" : packages) }
        // The program inside enforces the time limit itself; this is for one that a tool keeps from it.
        let patience = Duration.seconds(limits.seconds + 30)
        return try await withThrowingTaskGroup(of: SandboxReport.self) { [request] group in
            group.addTask { try await start(program, request, packages) }
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
        _ program: SandboxProgram, _ request: JSONObject, _ packages: String?
    ) async throws -> SandboxReport {
        let group = try controlGroups?.create(for: limits)
        do {
            let report = try await execute(program, request, packages, in: group)
            await group?.remove()
            return report
        } catch {
            await group?.remove()
            throw error
        }
    }

    private func execute(
        _ program: SandboxProgram, _ request: JSONObject, _ packages: String?, in group: ToolControlGroups.Group?
    ) async throws -> SandboxReport {
        guard walls == .namespaces else { return try await executeAlone(program, request, in: group) }
        let bytes = JSONWriter.bytes(of: request)
        if let warm, program.isKeptWarm {
            let kind = WarmSandboxes.Kind(
                program: program, packages: packages, temporaryFolder: limits.temporaryFolder, sandbox: self)
            let call = WarmSandbox.Call(
                request: bytes, controlGroup: group?.path,
                isHelped: request["network"] != nil || request["api"]?.object != nil, limit: longestReport)
            if let said = try await warm.call(
                kind, call,
                start: { try startBox(kind, idleSeconds: warm.idleSeconds) })
            {
                return try report(said, "", in: group)
            }
        }
        let command =
            unprivileged + [bubblewrap] + (packages.map { ["--ro-bind", $0, "/packages"] } ?? []) + boxArguments
            + [python, "-I", "-c", program.text]
        return try await runOnce(command, bytes, in: group)
    }

    /// Without namespaces: in a folder of its own on the disk.
    private func executeAlone(
        _ program: SandboxProgram, _ request: JSONObject, in group: ToolControlGroups.Group?
    ) async throws -> SandboxReport {
        let folder = "\(Self.foldersForCalls)/letta-tool-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        guard mkdir(folder, 0o700) == 0, !changesUser || chown(folder, user, user) == 0 else {
            throw SandboxFailure.broken("\(folder) can't be made: \(String(cString: strerror(errno)))")
        }
        var request = request
        request["folder"] = .string(folder)
        let outcome: Result<SandboxReport, any Error>
        do {
            let command = unprivileged + [python, "-I", "-c", program.text]
            outcome = .success(try await runOnce(command, JSONWriter.bytes(of: request), in: group))
        } catch {
            outcome = .failure(error)
        }
        await Task {
            // Not here, where many files would keep a thread that others need; also when this task was cancelled.
            _ = try? await Subprocess.run(
                .path("/bin/rm"), arguments: ["-rf", "--", folder], output: .discarded, error: .discarded)
        }.value
        return try outcome.get()
    }

    private static let foldersForCalls = "/tmp"

    private func runOnce(
        _ command: [String], _ bytes: [UInt8], in group: ToolControlGroups.Group?
    ) async throws -> SandboxReport {
        let input = try SandboxInput.descriptor(of: bytes)
        let result: ExecutionResult<Void, BytesOutput, StringOutput<UTF8>>
        do {
            let launched = [Self.shell, "-c", Self.launch, "sandbox", group?.path ?? ""] + command
            result = try await Subprocess.run(
                .path(FilePath(launched[0])), arguments: .init(Array(launched.dropFirst())),
                environment: .custom(["PATH": "/usr/bin:/bin"]), workingDirectory: "/", platformOptions: Self.platform,
                input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                output: .bytes(limit: longestReport), error: .string(limit: 1 << 16))
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw SandboxFailure.broken("\(error)")
        }
        try Task.checkCancellation()
        let reason = result.standardError.split(separator: "\n").last.map(String.init)
        return try report(result.standardOutput, reason ?? "\(result.terminationStatus)", in: group)
    }

    /// - Parameter reason: what a sandbox that never started said.
    private func report(
        _ said: [UInt8], _ reason: String, in group: ToolControlGroups.Group?
    ) throws -> SandboxReport {
        if let report = SandboxReport(said) { return report }
        if group?.hasRunOutOfMemory == true { return SandboxReport(end: .tooMuchMemory) }
        // The supervisor writes an empty line before it starts the program.
        if said.first == UInt8(ascii: "\n") {
            return SandboxReport(end: .died("its sandbox was killed, as the system does when memory runs out"))
        }
        throw SandboxFailure.broken(reason)
    }

    private var longestReport: Int { 2 * limits.answer + 8 * limits.output }

    /// Starts a box that is kept warm.
    private func startBox(_ kind: WarmSandboxes.Kind, idleSeconds: Double) throws -> WarmSandbox {
        let command =
            [Self.shell, "-c", Self.launch, "sandbox", ""] + unprivileged + [bubblewrap]
            + (kind.packages.map { ["--ro-bind", $0, "/packages"] } ?? []) + warmBoxArguments
            + [python, "-I", "-c", kind.program.warmText, "\(idleSeconds)", "\(kind.temporaryFolder)"]
        return try WarmSandbox { input in
            do {
                let result = try await Subprocess.run(
                    .path(FilePath(command[0])), arguments: .init(Array(command.dropFirst())),
                    environment: .custom(["PATH": "/usr/bin:/bin"]), workingDirectory: "/",
                    platformOptions: Self.platform,
                    input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: .discarded,
                    error: .string(limit: 1 << 16))
                let reason = result.standardError.split(separator: "\n").last.map(String.init)
                return reason ?? "\(result.terminationStatus)"
            } catch {
                return "\(error)"
            }
        }
    }

    static var platform: PlatformOptions {
        var platform = PlatformOptions()
        platform.createSession = true
        // Without namespaces the process that watches has to end the others.
        platform.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(2)),
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(50)),
        ]
        return platform
    }

    /// The programs without which nothing runs, of those that are not there.
    package var missingPrograms: [String] {
        let box = walls == .namespaces ? [bubblewrap] : []
        return ([Self.shell] + unprivileged.prefix(1) + box + [python]).filter { access($0, X_OK) != 0 }
    }

    /// Whether tools run as another user than the server, which is root then.
    package var changesUser: Bool { geteuid() == 0 }

    static let shell = "/bin/sh"
    private static let nodeInBox = "/opt/node"

    /// Where programs find node; nil where there is none.
    var nodeOfPrograms: String? { node.map { walls == .namespaces ? Self.nodeInBox : $0 } }

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
        changesUser ? ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--"] : []
    }

    /// The box of one call. In it nobody makes namespaces: the filter of system calls refuses them, too.
    var boxArguments: [String] {
        let forbidden = Self.canForbidNamespaces ? ["--disable-userns"] : []
        return forbidden + ["--die-with-parent"] + box(proc: ["--proc", "/proc", "--remount-ro", "/proc"])
    }

    /// The box of a process that makes boxes for calls in it. It ends when its socket is closed, which does not depend on the
    /// thread that started it. Calls get a `/proc` of their own.
    private var warmBoxArguments: [String] {
        let api = apiFolder.map { ["--ro-bind", $0, "/run/letta"] } ?? []
        let box = api + box(proc: ["--proc", "/proc"])
        // Each call is in a network of its own in any case; what goes out goes through a process beside it.
        guard !network.isEmpty else { return box }
        return Self.networkFiles + box.filter { $0 != "--unshare-net" }
    }

    /// What names of hosts are looked up with.
    static let networkFiles = [
        "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/pki", "/etc/ca-certificates",
    ].flatMap { ["--ro-bind-try", $0, $0] }

    /// Whether calls can reach something: they need a process beside them.
    package var hasDoors: Bool { walls == .namespaces && warm != nil && warm?.refusal == nil }

    /// - Parameter proc: in a call's own box read-only, so that nothing inside can lower its oom_score_adj again.
    private func box(proc: [String]) -> [String] {
        [
            "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL",
            // Otherwise bubblewrap is the first process inside, and its environment is readable.
            "--as-pid-1", "--hostname", "sandbox", "--new-session", "--clearenv",
            "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8",
            "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
            "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin",
            "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/ssl", "/etc/ssl",
        ] + (node.map { ["--ro-bind", $0, Self.nodeInBox] } ?? []) + proc + [
            "--dev", "/dev", "--size", "16777216", "--tmpfs", "/dev/shm",
            "--remount-ro", "/dev",
            "--size", "\(limits.temporaryFolder)", "--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/",
        ]
    }
}

extension ToolSandbox.Walls {
    /// As the programs know it.
    package var name: String {
        switch self {
        case .namespaces: "namespaces"
        case .landlock: "landlock"
        case .none: "none"
        case .refused: "refused"
        }
    }
}

extension ToolSandbox.Limits {
    fileprivate var json: JSONValue {
        [
            "seconds": .double(seconds), "memory": .int(Int64(memory)),
            "addresses": .int(Int64(addresses ?? memory)), "file": .int(Int64(file)),
            "descriptors": .int(Int64(descriptors)), "processes": .int(Int64(processes)),
            "answer": .int(Int64(answer)), "output": .int(Int64(output)), "folder": .int(Int64(temporaryFolder)),
        ]
    }
}

/// Why no sandbox ran, or why its outcome is unknown.
package enum SandboxFailure: Error, Sendable, CustomStringConvertible {
    case missing(String)
    case broken(String)
    /// Packages could not be installed.
    case pip(String)
    /// There are no walls here that hold.
    case refused(String)

    package var description: String {
        switch self {
        case .missing(let path):
            "Python tools can't run here: \(path) is missing. Install the packages bubblewrap, python3 and util-linux."
        case .pip(let reason): reason
        case .refused(let reason): "Tools can't run here: \(reason)"
        case .broken(let reason):
            "The sandbox for Python tools does not work: \(reason)"
        }
    }
}
