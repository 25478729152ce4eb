import EventStreams
import Glibc
import JSON
import Subprocess
import Synchronization
import SystemPackage

/// A process of this machine in a sandbox of bubblewrap: one message a line on its standard input and output.
///
/// It sees the system's programs and the folders of the operator's entry, read-only, a `/tmp` of its own, the server's
/// environment not at all, and the network only if the entry says so. It ends with the session.
final class StdioLink: MCPLink {
    private let command: StdioCommand
    private let entry: StdioAllowList.Entry
    private let inbox: MCPInbox
    private let limits: MCPLimits
    private let slots: StdioSlots
    /// Our end of the process's standard input. A socket and not a pipe: writing to a process that has ended is an error
    /// here and no signal.
    private let input = Mutex<Int32>(-1)
    private let isReady = Latch()

    init(
        _ command: StdioCommand, _ entry: StdioAllowList.Entry, _ inbox: MCPInbox, _ limits: MCPLimits,
        _ slots: StdioSlots
    ) {
        self.command = command
        self.entry = entry
        self.inbox = inbox
        self.limits = limits
        self.slots = slots
    }

    func use(version: String) {}

    func close() async {}

    // MARK: Writing

    func send(_ message: JSONValue, id: Int64?) async throws {
        try await isReady.wait()
        var rest = (JSONWriter.bytes(of: message) + [0x0A])[...]
        while !rest.isEmpty {
            let (sent, error) = input.withLock { input -> (Int, Int32) in
                guard input >= 0 else { return (-1, EPIPE) }
                let sent = rest.withUnsafeBytes {
                    Glibc.send(input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                }
                return (sent, errno)
            }
            if sent >= 0 {
                rest = rest.dropFirst(sent)
            } else if error == EAGAIN || error == EINTR {
                // It does not read: the request's own deadline ends this.
                try await ContinuousClock().sleep(for: .milliseconds(10))
            } else {
                throw MCPFailure(.connection, "The server's process has ended.")
            }
        }
    }

    private func closeInput() {
        let open = input.withLock { input in
            defer { input = -1 }
            return input
        }
        if open >= 0 { Glibc.close(open) }
        isReady.open()
    }

    // MARK: Running and reading

    func pump() async throws {
        defer { closeInput() }
        for path in ["/bin/sh", "/usr/bin/bwrap", entry.words[0]] where access(path, X_OK) != 0 {
            throw MCPFailure(.connection, "The server can't be started: \(path) is missing.")
        }
        do {
            // Before the handshake, which waits for this, is given up.
            try await slots.take(within: limits.connect * 0.8)
        } catch is DeadlineExceeded {
            throw MCPFailure(.connection, "The server can't be started: too many others are running. Retry later.")
        }
        defer { slots.giveBack() }
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw MCPFailure(.connection, "The server can't be started: \(String(cString: strerror(errno))).")
        }
        input.withLock { $0 = ends[0] }
        let arguments = try Self.descriptor(of: secrets)
        defer { Glibc.close(arguments) }
        var platform = PlatformOptions()
        platform.createSession = true
        platform.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(50))
        ]
        let notes = Shared<[UInt8]>([])
        do {
            _ = try await Subprocess.run(
                .path("/bin/sh"),
                arguments: .init(
                    ["-c", Self.launch, "sandbox", "/proc/\(getpid())/fd/\(arguments)"] + unprivileged
                        + ["/usr/bin/bwrap"] + walls + ["--args", "3"] + command.words),
                environment: .custom(["PATH": "/usr/bin:/bin"]), workingDirectory: "/", platformOptions: platform,
                input: .fileDescriptor(FileDescriptor(rawValue: ends[1]), closeAfterSpawningProcess: true),
                output: .sequence, error: .sequence
            ) { execution in
                isReady.open()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.read(execution.standardOutput) }
                    group.addTask {
                        for try await chunk in execution.standardError {
                            let bytes = chunk.withUnsafeBytes { Array($0.suffix(Self.noted)) }
                            notes.value.withLock { $0 = ($0 + bytes).suffix(Self.noted) }
                        }
                    }
                    group.addTask { try await self.watch(execution.processIdentifier.value) }
                    // Its output has ended, or is not the protocol.
                    try await group.next()
                    try await group.next()
                    group.cancelAll()
                }
            }
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw MCPFailure(.connection, "The server can't be started: \(error)")
        }
        try Task.checkCancellation()
        let said = String(decoding: notes.value.withLock { $0 }, as: UTF8.self)
        let last = said.split(separator: "\n").last.map { ": \($0)" } ?? "."
        throw MCPFailure(.connection, "The server's process has ended\(last)")
    }

    /// The end of the standard error that is shown, in bytes.
    private static let noted = 2_048

    private func read(_ output: SubprocessOutputSequence) async throws {
        var line: [UInt8] = []
        for try await chunk in output {
            let bytes = chunk.withUnsafeBytes { Array($0) }
            for part in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
                if part.offset > 0 {
                    try await take(line)
                    line = []
                }
                guard line.count + part.element.count <= limits.message else {
                    throw MCPFailure(.invalidAnswer, "The server sent a message that is too large.")
                }
                line += part.element
            }
        }
    }

    /// Fails when the process and what it started take too much.
    private func watch(_ process: Int32) async throws {
        while !Task.isCancelled {
            try await ContinuousClock().sleep(for: Self.watchInterval)
            let tree = ProcessTree(of: process, limit: limits.processes + 1)
            guard tree.count <= limits.processes else {
                throw MCPFailure(.connection, "The server started more than \(limits.processes) processes.")
            }
            guard tree.memory <= limits.memory else {
                throw MCPFailure(.connection, "The server took more than \(limits.memory >> 20) MiB of memory.")
            }
        }
    }

    private static let watchInterval = Duration.milliseconds(200)

    private func take(_ line: [UInt8]) async throws {
        // Many programs print something else first.
        guard let first = line.first(where: { $0 > 0x20 }), first == 0x7B || first == 0x5B else { return }
        for reply in try inbox.receive(line) { try await send(reply, id: nil) }
    }

    // MARK: The sandbox

    /// Opens the arguments with the environment as descriptor 3, so that its values are neither in the command line, which
    /// everybody reads, nor in the environment of what runs outside of the sandbox. Offers itself as the first process to
    /// kill when memory runs out.
    private static let launch = """
        exec 3<"$1" || exit 1
        shift
        { echo 1000 >"/proc/$$/oom_score_adj"; } 2>/dev/null
        ulimit -n 1024
        ulimit -c 0
        exec "$@"
        """

    private var secrets: [UInt8] {
        let defaults = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"]
        let all = defaults.merging(command.environment) { $1 }
        return all.sorted { $0.key < $1.key }.flatMap { name, value in
            ["--setenv", name, value].flatMap { Array($0.utf8.filter { $0 != 0 }) + [0] }
        }
    }

    /// As root, bubblewrap is no sandbox: the kernel trusts the user, whatever the namespace is.
    private var unprivileged: [String] {
        geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : []
    }

    private var walls: [String] {
        var walls = [
            "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
            "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--hostname", "sandbox", "--die-with-parent",
            "--new-session", "--clearenv", "--ro-bind", "/usr", "/usr",
            "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin",
            "--symlink", "usr/sbin", "/sbin", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache",
            "--ro-bind-try", "/etc/ssl", "/etc/ssl", "--proc", "/proc", "--dev", "/dev",
        ]
        if entry.canForbidNamespaces { walls.append("--disable-userns") }
        if entry.mayUseNetwork {
            for file in ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"] {
                walls += ["--ro-bind-try", file, file]
            }
        } else {
            walls.append("--unshare-net")
        }
        walls += ["--size", "\(256 << 20)", "--tmpfs", "/tmp"]
        for folder in folders { walls += ["--ro-bind", folder, folder] }
        return walls + ["--chdir", "/tmp", "--remount-ro", "/"]
    }

    /// The folders of the files that the operator's entry names. A program in `bin` brings what stands beside `bin`.
    private var folders: [String] {
        // The program of a virtual environment is a link to one that may be anywhere.
        let program = entry.words.first.flatMap { realpath($0, nil) }.map { path in
            defer { free(path) }
            return String(cString: path)
        }
        let named = (entry.words + [program].compactMap(\.self)).filter {
            $0.hasPrefix("/") && !$0.hasPrefix("/usr/") && !$0.hasPrefix("/bin/")
        }
        let folders = named.compactMap { word -> String? in
            var folder = FilePath(word).removingLastComponent()
            if folder.lastComponent?.string == "bin" { folder = folder.removingLastComponent() }
            return folder.components.isEmpty ? nil : folder.string
        }
        return folders.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// An anonymous memory file with these bytes.
    private static func descriptor(of bytes: [UInt8]) throws -> Int32 {
        let name = "/letta-\(UInt64.random(in: 0 ... .max))-\(UInt64.random(in: 0 ... .max))"
        let number = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard number >= 0 else { throw MCPFailure(.connection, "There is no memory for the server's environment.") }
        shm_unlink(name)
        do {
            try FileDescriptor(rawValue: number).writeAll(toAbsoluteOffset: 0, bytes)
            return number
        } catch {
            Glibc.close(number)
            throw MCPFailure(.connection, "There is no memory for the server's environment.")
        }
    }
}
