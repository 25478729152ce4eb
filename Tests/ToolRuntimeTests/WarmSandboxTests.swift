import Foundation
import JSON
import Testing

@testable import ToolRuntime

/// Calls that a warm process forks for.
@Suite(.timeLimit(.minutes(2))) struct WarmSandboxTests {
    private static let owner = SandboxOwner(organization: "org", agent: "agent")

    private func call(
        _ body: String, in sandbox: ToolSandbox, environment: [String: String] = [:], packages: String? = nil
    ) async throws -> PythonResult {
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        var call = PythonCall(
            source: "def f():\n\(lines.joined(separator: "\n"))\n", function: "f", shownName: "f", arguments: [:],
            schema: nil, environment: environment)
        call.packages = packages
        return try await PythonToolRunner(sandbox: sandbox).run(call, for: Self.owner)
    }

    /// A sandbox whose processes can be found by a size that no other has.
    private func findable(_ warm: WarmSandboxes) -> (ToolSandbox, text: String) {
        var sandbox = ToolSandbox()
        sandbox.warm = warm
        sandbox.limits.temporaryFolder = 4_096 * Int.random(in: 10_000...1_000_000)
        return (sandbox, "--size\0\(sandbox.limits.temporaryFolder)\0")
    }

    /// Everything in which one call could find another.
    private static let look = """
        import builtins, glob, json, os, re, signal, socket, sys, threading
        secret, found = re.compile(rb"the secre[t] of a call"), 0
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps:
                place, rights = line.split()[:2]
                start, end = (int(number, 16) for number in place.split("-"))
                if rights.startswith("rw") and end < 1 << 63:
                    memory.seek(start)
                    found += len(secret.findall(memory.read(end - start)))
        sockets = []
        for name in ("\\0left", ):
            try:
                socket.socket(socket.AF_UNIX).connect(name)
                sockets.append("abstract")
            except OSError:
                pass
        try:
            socket.create_connection(("127.0.0.1", 5555), 1)
            sockets.append("tcp")
        except OSError:
            pass
        return [
            os.listdir("/tmp"), os.listdir("/dev/shm"), os.environ.get("LEFT"), hasattr(builtins, "left"),
            hasattr(json, "left"), "left" in sys.modules, len(threading.enumerate()), len(glob.glob("/proc/[0-9]*")),
            len(os.listdir("/proc/self/fd")), sockets, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, os.getcwd(),
            found, json.dumps is not None,
        ]
        """

    @Test func `nothing of a call is there for the next one, or for one beside it`() async throws {
        let (sandbox, _) = findable(WarmSandboxes())
        let before = try await call(Self.look, in: sandbox)
        #expect(before.value.array?.first == [], "\(before)")
        #expect(before.value.array?.suffix(2) == [0, true], "\(before)")
        let leave = """
            import builtins, json, os, signal, socket, subprocess, sys, threading, time
            secret = "the secret of a call"
            open("/tmp/left", "w").write(secret)
            open("/dev/shm/left", "w").write(secret)
            os.mkdir("/tmp/folder")
            os.chdir("/tmp/folder")
            os.environ["LEFT"] = builtins.left = json.left = secret
            sys.modules["left"] = json
            json.dumps = None
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            kept = [socket.socket(socket.AF_UNIX), socket.create_server(("127.0.0.1", 5555))]
            kept[0].bind("\\0left")
            kept[0].listen()
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
            if os.fork() == 0:
                os.setsid()
                time.sleep(WAIT)
                os._exit(0)
            return "left"
            """
        let left = try await call(leave.replacing("WAIT", with: "1000"), in: sandbox, environment: ["LEFT": "x"])
        #expect(left.shown == "left", "\(left)")
        #expect(try await call(Self.look, in: sandbox).shown == before.shown)

        let beside = Task {
            try await call(
                leave.replacing("WAIT", with: "1000").replacing("return \"left\"", with: "time.sleep(1000)"),
                in: sandbox)
        }
        #expect(try await call(Self.look, in: sandbox).shown == before.shown)
        beside.cancel()
        _ = await beside.result
        await sandbox.warm?.close()
    }

    @Test func `random numbers differ from call to call`() async throws {
        let (sandbox, _) = findable(WarmSandboxes())
        var seen: Set<String> = []
        for _ in 0..<3 {
            let result = try await call("import random, uuid\nreturn [random.random(), uuid.uuid4().hex]", in: sandbox)
            seen.insert(try #require(result.shown.string))
        }
        #expect(seen.count == 3)
        await sandbox.warm?.close()
    }

    @Test func `a box that dies is replaced, and one that was cancelled has no processes`() async throws {
        let warm = WarmSandboxes()
        let (sandbox, text) = findable(warm)
        #expect(try await call("return 1", in: sandbox).shown == "1")
        let sleeping = Task { try await call("import time\ntime.sleep(1000)", in: sandbox) }
        // With the call and the child that waits for the next one: bubblewrap, the warm process, two and one, and two.
        while SandboxTests.processes(under: text).count < 7 { await Task.yield() }
        sleeping.cancel()
        await #expect(throws: CancellationError.self) { try await sleeping.value }
        while SandboxTests.processes(under: text).count > 4 { await Task.yield() }

        let killed = SandboxTests.processes(under: text)
        #expect(warm.count == 1 && killed.count == 4)
        for process in killed { kill(try #require(pid_t(process)), SIGKILL) }
        #expect(try await call("return 2", in: sandbox).shown == "2")
        #expect(SandboxTests.processes(under: text).isDisjoint(with: killed))
        await warm.close()
        #expect(SandboxTests.processes(under: text).isEmpty)
    }

    @Test func `packages that were installed anew are seen, and boxes are few`() async throws {
        let warm = WarmSandboxes(most: 2)
        let (sandbox, text) = findable(warm)
        let folder = "/tmp/letta-packages-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }  // in the temporary folder
        func install(_ key: String, _ version: Int) throws -> String {
            let path = "\(folder)/\(key)"
            try? FileManager.default.moveItem(atPath: path, toPath: "\(path)-\(version)")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data("version = \(version)".utf8).write(to: URL(filePath: "\(path)/shouting.py"))
            for item in [folder, path, "\(path)/shouting.py"] { try #require(chmod(item, 0o755) == 0) }
            return path
        }
        let body = "import shouting\nreturn shouting.version"
        for version in 1...3 {
            let packages = try install("a", version)
            #expect(try await call(body, in: sandbox, packages: packages).shown == .string("\(version)"))
            #expect(warm.count == 1)
        }
        for key in ["b", "c", "d"] {
            #expect(try await call(body, in: sandbox, packages: try install(key, 7)).shown == "7")
        }
        #expect(warm.count == 2)
        await warm.close()
        #expect(SandboxTests.processes(under: text).isEmpty)
    }

    @Test func `a box that nobody uses ends`() async throws {
        let warm = WarmSandboxes(idleSeconds: 0.05)
        let (sandbox, text) = findable(warm)
        for _ in 0..<2 {
            #expect(try await call("return 1", in: sandbox).shown == "1")
            while !SandboxTests.processes(under: text).isEmpty { await Task.yield() }
        }
        await warm.close()
    }

    @Test func `where boxes in boxes are refused each call has a sandbox of its own`() async throws {
        let warm = WarmSandboxes()
        let (usual, _) = findable(warm)
        let script = "/tmp/letta-bwrap-\(UUID().uuidString)"
        defer { unlink(script) }
        try "#!/bin/sh\nexec \(usual.bubblewrap) --disable-userns \"$@\"\n".write(
            toFile: script, atomically: true, encoding: .utf8)
        try #require(chmod(script, 0o755) == 0)
        var sandbox = usual
        sandbox.bubblewrap = script
        for _ in 0..<2 { #expect(try await call("return 5", in: sandbox).shown == "5") }
        #expect(warm.refusal?.contains("no namespaces in the sandbox") == true, "\(warm.refusal ?? "")")
        await warm.close()
    }

    @Test func `32 agents call at once`() async throws {
        let (sandbox, _) = findable(WarmSandboxes())
        let runner = PythonToolRunner(sandbox: sandbox)
        try await withThrowingTaskGroup(of: JSONValue.self) { group in
            for number in 0..<32 {
                group.addTask {
                    let call = PythonCall(
                        source: "def f(n): return n * 2", function: "f", shownName: "f",
                        arguments: ["n": .int(Int64(number))], schema: nil)
                    let owner = SandboxOwner(organization: "org", agent: "agent \(number)")
                    return try await runner.run(call, for: owner).value
                }
            }
            var sum: Int64 = 0
            for try await value in group { sum += value.int.map { Int64($0) } ?? 0 }
            #expect(sum == 31 * 32)
        }
        await sandbox.warm?.close()
    }
}
