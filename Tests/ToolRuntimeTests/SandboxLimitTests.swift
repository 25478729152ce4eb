import Foundation
import JSON
import Testing

@testable import ToolRuntime

/// Ways around the limits of a sandbox, and ways to bring down what watches it.
@Suite(.timeLimit(.minutes(2))) struct SandboxLimitTests {
    /// The calls by their numbers on the machine of the test.
    private static let calls = """
        import ctypes, errno, os
        libc = ctypes.CDLL(None, use_errno=True)
        column = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
        def outcome(numbers, *arguments):
            if libc.syscall(numbers[column], *arguments) != -1:
                return "done"
            return errno.errorcode[ctypes.get_errno()]
        """

    @Test func `memory of no process, and parts of the kernel that no tool needs, are refused`() async throws {
        let result = try await run(
            body: Self.calls + """

                return {
                    "memfd_create": outcome((319, 279), b"x", 0),
                    "shmget": outcome((29, 194), 0, 4096, 0o1600),
                    "semget": outcome((64, 190), 0, 1, 0o1600),
                    "msgget": outcome((68, 186), 0, 0o1600),
                    "mq_open": outcome((240, 180), b"x", 0o102, 0o600, 0),
                    "io_uring_setup": outcome((425, 425), 8, 0),
                    "userfaultfd": outcome((323, 282), 0),
                    "keyctl": outcome((250, 219), 0, -3, 0),
                    "add_key": outcome((248, 217), b"user", b"a", b"b", 1, -2),
                    "bpf": outcome((321, 280), 0, 0, 0),
                    "perf_event_open": outcome((298, 241), 0, 0, -1, -1, 0),
                    "unshare": outcome((272, 97), 0x10000000),
                    "clone": outcome((56, 220), 0x10000000 | 17, 0, 0, 0, 0),
                    "mount": outcome((165, 40), b"a", b"/tmp", b"tmpfs", 0, 0),
                    "ptrace": outcome((101, 117), 0, 0, 0, 0),
                    "kexec_load": outcome((246, 104), 0, 0, 0, 0),
                }
                """)
        let seen = try #require(result.shown.object, "\(result)")
        for (name, outcome) in seen { #expect(outcome == "EPERM", "\(name)") }
        #expect(seen.count == 16)
    }

    @Test func `of sockets there are Unix, IPv4 and IPv6`() async throws {
        let result = try await run(
            body: """
                import errno, socket
                said = {}
                # Unix, IPv4, IPv6; netlink, packet, TIPC, Bluetooth, cryptography, vsock; DCCP, SCTP, MPTCP and raw IPv4.
                for family in (1, 2, 10, 16, 17, 30, 31, 38, 40):
                    try:
                        socket.socket(family, socket.SOCK_DGRAM)
                        said[family] = "open"
                    except OSError as error:
                        said[family] = errno.errorcode[error.errno]
                for kind in ((2, 6, 33), (2, 1, 132), (2, 1, 262), (2, 3, 255)):
                    try:
                        socket.socket(*kind)
                        said[kind] = "open"
                    except OSError as error:
                        said[kind] = errno.errorcode[error.errno]
                return said
                """)
        let seen = try #require(result.shown.object, "\(result)")
        for (kind, outcome) in seen {
            let wanted =
                ["1", "2", "10"].contains(kind) ? "open" : kind.hasPrefix("(") ? "EPROTONOSUPPORT" : "EAFNOSUPPORT"
            #expect(outcome == .string(wanted), "\(kind)")
        }
        #expect(seen.count == 13)
    }

    @Test func `system calls of other architectures kill`() async throws {
        #if arch(x86_64)
        let x32 = try await run(body: "import ctypes\nreturn ctypes.CDLL(None).syscall(0x40000000 + 39)")
        #expect(x32.shown == "Error executing function f: RuntimeError: it was killed by SIGSYS")
        // mov eax, 20 (getpid); int 0x80; ret
        let i386 = try await run(
            body: """
                import ctypes, mmap
                page = mmap.mmap(-1, 4096, prot=7)
                page.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))
                return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
                """)
        #expect(i386.shown == "Error executing function f: RuntimeError: it was killed by SIGSYS")
        #endif
    }

    @Test func `a tool can't touch the process that watches it`() async throws {
        let result = try await run(
            body: Self.calls + """

                limit = (ctypes.c_uint64 * 2)(0, 0)
                mask = ctypes.c_uint64(1)
                said = {
                    "limit": outcome((302, 261), 1, 0, limit, 0),
                    "affinity": outcome((203, 122), 1, 8, ctypes.byref(mask)),
                    "scheduler": outcome((144, 119), 1, 5, ctypes.byref(ctypes.c_int(0))),
                    "priority": outcome((141, 140), 0, 1, 19),
                    "priority of all": outcome((141, 140), 2, 0, 19),
                    "io priority": outcome((251, 30), 1, 1, 0),
                }
                for name in ("SIGKILL", "SIGSTOP", "SIGTERM", "SIGINT", "SIGSEGV"):
                    import signal
                    try:
                        os.kill(1, getattr(signal, name))
                    except PermissionError:
                        pass  # Landlock
                return said
                """)
        let seen = try #require(result.shown.object, "\(result)")
        for (name, outcome) in seen { #expect(outcome == "EPERM", "\(name)") }
        #expect(seen.count == 6)
    }

    private static func parent(of process: String) -> String {
        let status = FileManager.default.contents(atPath: "/proc/\(process)/status") ?? Data()
        return String(decoding: status, as: UTF8.self).firstMatch(of: /PPid:\t(\d+)/).map { String($0.1) } ?? ""
    }

    private func isParent(_ process: String, in tree: Set<String>) -> Bool {
        tree.contains { Self.parent(of: $0) == process }
    }

    @Test func `a watching process that dies is the tool's failure`() async throws {
        // A size that no other sandbox has, so that it can be found.
        let size = 4_096 * Int.random(in: 10_000...1_000_000)
        async let result = run(
            body: "import time\ntime.sleep(1000)",
            {
                $0.limits.temporaryFolder = size
                $0.warm = nil
            })
        let text = "--size\0\(size)\0"
        var tree: Set<String> = []
        // Bubblewrap, the process that watches, and the tool.
        while tree.count < 3 {
            tree = SandboxTests.processes(under: text)
            await Task.yield()
        }
        let members = tree
        let watching = try #require(
            members.first { members.contains(Self.parent(of: $0)) && isParent($0, in: members) })
        kill(try #require(pid_t(watching)), SIGKILL)
        #expect(
            try await result.shown
                == "Error executing function f: RuntimeError: its sandbox was killed, as the system does when memory runs out"
        )
    }

    @Test func `kernel memory of files and sockets is bounded`() async throws {
        let folders = try await run(
            body: """
                import os
                count = 0
                while True:
                    os.mkdir(f"/tmp/{count}")
                    count += 1
                """)
        #expect(
            folders.shown == "Error executing function f: RuntimeError: it made more than 32768 files and folders")
        let sockets = try await run(
            body: """
                import os, socket, time
                for _ in range(20):
                    if os.fork() == 0:
                        pairs = []
                        while len(pairs) < 100:
                            pairs.append(socket.socketpair())
                        time.sleep(1000)
                time.sleep(1000)
                """)
        #expect(sockets.shown == "Error executing function f: RuntimeError: it opened more than 1024 sockets")
    }

    @Test func `the kernel kills a sandbox before the server, and no tool can change that`() async throws {
        let result = try await run(
            body: """
                import os
                said = [open(f"/proc/{process}/oom_score_adj").read().strip() for process in (1, "self")]
                try:
                    open("/proc/self/oom_score_adj", "w").write("0")
                except OSError as error:
                    said.append(error.strerror)
                return said
                """)
        #expect(result.shown == "['1000', '1000', 'Read-only file system']")
    }

    // MARK: Control groups

    /// Passes `body` a folder that looks like a delegated control group.
    private func withDelegatedGroup(_ body: (String) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "letta-groups-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }  // in the temporary folder
        try FileManager.default.createDirectory(atPath: "\(root)/own", withIntermediateDirectories: true)
        try Data("cpu memory pids\n".utf8).write(to: URL(filePath: "\(root)/own/cgroup.controllers"))
        try await body(root)
    }

    private func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    @Test func `where a control group is delegated each sandbox has one with limits`() async throws {
        try await withDelegatedGroup { root in
            let groups = try #require(ToolControlGroups(root: root, membership: "1:name=systemd:/x\n0::/own\n"))
            #expect(text("\(root)/own/server/cgroup.procs") == "\(getpid())", "a group with children holds no process")
            #expect(text("\(root)/own/cgroup.subtree_control") == "+memory +pids")
            let group = try groups.create(for: ToolSandbox.Limits())
            #expect(group.path.hasPrefix("\(root)/own/tool-"))
            #expect(try #require(Int(text("\(group.path)/memory.max"))) > 2 << 30)
            #expect(text("\(group.path)/pids.max") == "72" && text("\(group.path)/memory.oom.group") == "1")
            #expect(!group.hasRunOutOfMemory)
            try Data("oom 1\noom_kill 3\n".utf8).write(to: URL(filePath: "\(group.path)/memory.events"))
            #expect(group.hasRunOutOfMemory)

            let result = try await run(body: "return 5", { $0.controlGroups = groups })
            #expect(result.shown == "5")
            let folders = try FileManager.default.contentsOfDirectory(atPath: "\(root)/own")
            let joined = folders.filter { $0.hasPrefix("tool-") }.map { text("\(root)/own/\($0)/cgroup.procs") }
            #expect(
                joined.contains { Int($0.trimmingCharacters(in: .newlines)) != nil }, "the sandbox joined its group")
        }
    }

    @Test func `groups of killed servers are removed, others stay`() async throws {
        try await withDelegatedGroup { root in
            let groups = try #require(ToolControlGroups(root: root, membership: "0::/own\n"))
            let own = try groups.create(for: ToolSandbox.Limits()).path
            // No process has a number as large, and process 1 lives.
            for name in ["tool-999999999-1", "tool-1-1"] { #expect(mkdir("\(root)/own/\(name)", 0o755) == 0) }
            await groups.removeAbandoned()
            let left = try FileManager.default.contentsOfDirectory(atPath: "\(root)/own").filter {
                $0.hasPrefix("tool-")
            }
            #expect(Set(left) == [String(own.split(separator: "/").last ?? ""), "tool-1-1"])
        }
    }

    @Test func `without a delegated control group there are none`() async throws {
        #expect(ToolControlGroups(root: "/nowhere", membership: "0::/own\n") == nil)
        #expect(ToolControlGroups(root: "/nowhere", membership: "5:memory:/own\n") == nil)
        try await withDelegatedGroup { root in
            try Data("cpu\n".utf8).write(to: URL(filePath: "\(root)/own/cgroup.controllers"))
            #expect(ToolControlGroups(root: root, membership: "0::/own\n") == nil, "no controller for memory")
            #expect(!FileManager.default.fileExists(atPath: "\(root)/own/server"))
        }
    }
}
