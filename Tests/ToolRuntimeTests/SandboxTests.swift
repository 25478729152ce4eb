import Foundation
import JSON
import Testing

@testable import ToolRuntime

/// What code in the sandbox can't do.
@Suite(.timeLimit(.minutes(2))) struct SandboxTests {
    @Test func `the server's environment and files can't be read`() async throws {
        setenv("LETTA_SANDBOX_TEST", "secret of the server", 1)
        let result = try await run(
            body: """
                import glob, os
                found = []
                for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
                    try:
                        found.append(open(path, errors="replace").read())
                    except PermissionError:
                        pass
                seen = [str(os.environ), *found]
                return {
                    "secret": any("secret of the server" in text for text in seen),
                    "processes": len(glob.glob("/proc/[0-9]*")),
                    "root": sorted(os.listdir("/")),
                    "etc": sorted(os.listdir("/etc")),
                    "descriptors": len(os.listdir("/proc/self/fd")),
                }
                """)
        let seen = try #require(result.shown.object, "\(result)")
        #expect(seen["secret"] == false)
        #expect(seen["processes"] == 2, "the first process of the sandbox and the tool")
        #expect(seen["root"] == ["bin", "dev", "etc", "lib", "lib64", "proc", "sbin", "tmp", "usr"])
        #expect(seen["etc"]?.array?.contains { $0 != "ld.so.cache" && $0 != "ssl" } == false)
        #expect(seen["descriptors"]?.int ?? 9 <= 5, "0, 1, 2, the answer's and the listing's own")
    }

    @Test func `only the temporary folder can be written, and it is new each time`() async throws {
        let body = """
            import os
            written = []
            for path in ["/x", "/usr/x", "/usr/bin/x", "/etc/x", "/dev/x", "/proc/x", "/tmp/x", "/dev/shm/x"]:
                try:
                    with open(path, "x") as file:
                        file.write("x")
                    written.append(path)
                except OSError:
                    pass
            for path in ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger"]:
                try:
                    open(path, "w").close()
                    written.append(path)
                except OSError:
                    pass
            return written
            """
        for _ in 0..<2 {
            #expect(try await run(body: body).shown == "['/tmp/x', '/dev/shm/x']")
        }
    }

    @Test func `there is no network`() async throws {
        let listener = try Listener()
        let result = try await run(
            body: """
                import socket
                said = []
                for address in [("127.0.0.1", \(listener.port)), ("1.1.1.1", 53)]:
                    try:
                        socket.create_connection(address, 2)
                        said.append("connected")
                    except OSError:
                        said.append("refused")
                return said + [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]
                """)
        #expect(result.shown == "['refused', 'refused', 'lo']")
    }

    @Test func `no rights, no namespaces, nobody to kill or watch`() async throws {
        let result = try await run(
            body: """
                import ctypes, os
                libc = ctypes.CDLL(None, use_errno=True)
                status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
                done = {"user": os.getuid() != 0, "caps": int(status["CapEff"], 16) | int(status["CapBnd"], 16)}
                done["unshare"] = libc.unshare(0x10000000)
                done["mount"] = libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)
                done["hostname"] = libc.sethostname(b"x", 1)
                done["ptrace"] = libc.ptrace(16, os.getppid(), 0, 0)
                try:
                    open("/proc/1/mem", "rb").close()
                    done["memory"] = True
                except OSError:
                    done["memory"] = False
                try:
                    os.kill(1, 9)
                except PermissionError:
                    pass  # Landlock
                done["alive"] = os.path.exists("/proc/1")
                return done
                """)
        let done = try #require(result.shown.object, "\(result)")
        #expect(done["user"] == true && done["caps"] == 0)
        #expect(done["unshare"] == -1 && done["mount"] == -1 && done["hostname"] == -1)
        #expect(done["ptrace"] == -1 && done["memory"] == false && done["alive"] == true)
    }

    @Test func `a fork bomb stops`() async throws {
        let result = try await run(
            body: """
                import os, time
                count = 0
                try:
                    while count < 1000:
                        if os.fork() == 0:
                            time.sleep(100)
                            os._exit(0)
                        count += 1
                except OSError:
                    pass
                return count
                """)
        let count = try #require(result.value.int)
        #expect(count > 10 && count < 64)
    }

    @Test func `memory is limited, of one process and of all together`() async throws {
        let one = try await run(body: "return len(bytearray(10 << 30))")
        #expect(one.shown == "Error executing function f: MemoryError: ")
        let many = try await run(
            body: """
                import os, time
                for _ in range(20):
                    if os.fork() == 0:
                        block = bytearray(30 << 20)
                        for place in range(0, len(block), 4096):
                            block[place] = 1
                        time.sleep(100)
                time.sleep(100)
                """, { $0.limits.memory = 300 << 20 })
        #expect(many.shown == "Error executing function f: MemoryError: it took more than 300 MB")
    }

    @Test func `files are limited`() async throws {
        let result = try await run(
            body: """
                import signal
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                size = 0
                try:
                    for number in range(10):
                        with open(f"/tmp/{number}", "wb") as file:
                            for _ in range(20):
                                size += file.write(bytes(1 << 20))
                except OSError:
                    pass
                return size >> 20
                """)
        let size = try #require(result.value.int, "\(result)")
        #expect(size > 10 && size <= 65)
    }

    @Test func `an endless loop ends, and what it left behind too`() async throws {
        let start = ContinuousClock.now
        let loop = try await run(
            body: "print('before', flush=True)\nwhile True: pass", { $0.limits.seconds = 1 })
        #expect(loop.shown == "Error executing function f: TimeoutError: it did not end within 1 seconds")
        #expect(loop.stdout == ["before\n"])
        let daemon = try await run(
            body: """
                import os, time
                if os.fork() == 0:
                    os.setsid()
                    print("x" * 1000, flush=True)
                    time.sleep(1000)
                return "left"
                """)
        #expect(daemon.shown == "left")
        #expect(start.duration(to: .now) < .seconds(60))
    }

    @Test func `a flood of output is cut`() async throws {
        for stream in ["stdout", "stderr"] {
            let result = try await run(
                body: "import sys\nfor _ in range(100_000): print('x' * 99, file=sys.\(stream))\nreturn 'done'")
            #expect(result.shown == "done")
            let text = try #require((stream == "stdout" ? result.stdout : result.stderr).first)
            #expect(text.utf8.count < 70_000)
            #expect(text.hasSuffix("[9934464 more bytes were not kept]\n"), "\(text.suffix(60))")
        }
    }

    @Test func `a cancelled run leaves no process`() async throws {
        // A size that no other box has, so that it can be found.
        let size = 4_096 * Int.random(in: 10_000...1_000_000)
        let task = Task {
            try await run(
                body: "import time\ntime.sleep(1000)",
                {
                    $0.limits.temporaryFolder = size
                    $0.warm = nil
                })
        }
        var tree: Set<String> = []
        while tree.count < 3 {
            tree = Self.processes(under: "--size\0\(size)\0")
            await Task.yield()
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        // The kernel takes a moment to bury them.
        while tree.contains(where: { FileManager.default.fileExists(atPath: "/proc/\($0)") }) { await Task.yield() }
    }

    /// The process whose command line holds `text`, and all it started.
    static func processes(under text: String) -> Set<String> {
        // Processes come and go while one looks.
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        func file(_ process: String, _ name: String) -> String {
            String(decoding: FileManager.default.contents(atPath: "/proc/\(process)/\(name)") ?? Data(), as: UTF8.self)
        }
        let numbers = all.filter { $0.allSatisfy(\.isNumber) }
        var tree = Set(numbers.filter { file($0, "cmdline").contains(text) })
        let parents = numbers.map { ($0, file($0, "status").firstMatch(of: /PPid:\t(\d+)/).map { String($0.1) } ?? "") }
        for _ in 0..<5 { tree.formUnion(parents.filter { tree.contains($0.1) }.map(\.0)) }
        return tree
    }

    @Test func `without bubblewrap nothing runs`() async throws {
        let failure = await #expect(throws: SandboxFailure.self) {
            _ = try await run(body: "return 1", { $0.bubblewrap = "/nowhere/bwrap" })
        }
        #expect(failure?.description.contains("/nowhere/bwrap is missing") == true)
        let broken = await #expect(throws: SandboxFailure.self) {
            _ = try await run(body: "return 1", { $0.bubblewrap = "/usr/bin/false" })
        }
        #expect(broken?.description.contains("does not work") == true)
    }
}

/// Something on loopback that could be connected to.
private final class Listener: Sendable {
    private let socket: Int32
    let port: UInt16

    struct NoSocket: Error {}

    init() throws {
        let made = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (bound, named) = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                (bind(made, address, size), getsockname(made, address, &size))
            }
        }
        socket = made
        port = UInt16(bigEndian: address.sin_port)
        guard bound == 0, named == 0, listen(made, 1) == 0 else { throw NoSocket() }
    }

    deinit { close(socket) }
}
