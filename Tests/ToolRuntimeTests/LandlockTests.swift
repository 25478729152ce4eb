import Foundation
import JSON
import Testing

@testable import ToolRuntime

/// Tools where the system makes no namespaces: Landlock alone. What they can't do is in `EscapeTests`.
@Suite(.timeLimit(.minutes(2))) struct LandlockTests {
    private static let work = """
        import asyncio, os, sqlite3, subprocess, tempfile, threading
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write("text")
        os.mkdir("folder")
        os.rename(file.name, "folder/file")
        seen = [open("folder/file").read(), subprocess.run(["echo", "hi"], capture_output=True, text=True).stdout]
        thread = threading.Thread(target=seen.append, args=(3,))
        thread.start()
        thread.join()
        async def wait():
            await asyncio.sleep(0)
            return 4
        seen += [asyncio.run(wait()), sqlite3.connect("x.db").execute("SELECT 5").fetchone()[0]]
        return [*seen, os.getcwd()]
        """

    @Test func `what tools usually do works, and their folder is removed`() async throws {
        let result = try await run(body: Self.work, { $0.walls = .landlock })
        #expect(result.value.array?.prefix(5) == ["text", "hi\n", 3, 4, 5], "\(result)")
        let folder = try #require(result.value.array?.last?.string)
        #expect(folder.hasPrefix("/tmp/letta-tool-\(getpid())-") && !FileManager.default.fileExists(atPath: folder))
    }

    @Test func `a cancelled run leaves no process`() async throws {
        let mark = UUID().uuidString
        let body = """
            import os, subprocess, time
            if os.fork() == 0:
                os.setsid()
                subprocess.Popen(["/bin/sh", "-c", "sleep 1000; true", "\(mark)"], start_new_session=True)
            time.sleep(1000)
            """
        func count() -> Int {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return all.count { process in
                let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
                return String(decoding: line, as: UTF8.self).hasPrefix("/bin/sh\0-c\0sleep 1000; true\0\(mark)")
            }
        }
        let task = Task { try await run(body: body, { $0.walls = .landlock }) }
        func wait(until isDone: () -> Bool) async throws {
            while !isDone() {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        try await wait { count() > 0 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await wait { count() == 0 }
    }

    @Test func `the strongest walls of this machine are namespaces, and else Landlock`() async throws {
        #expect(await ToolSandbox().strongestWalls(orNone: false) == .namespaces)
        #expect(await ToolSandbox(bubblewrap: "/usr/bin/false").strongestWalls(orNone: true) == .landlock)
        let nothing = ToolSandbox(bubblewrap: "/usr/bin/false", python: "/usr/bin/false")
        #expect(await nothing.strongestWalls(orNone: true) == ToolSandbox.Walls.none)
        guard case .refused(let reason) = await nothing.strongestWalls(orNone: false) else {
            Issue.record("nothing holds tools back")
            return
        }
        #expect(reason.contains("LETTA_TOOLS_WITHOUT_SANDBOX=true"))
        var refused = ToolSandbox()
        refused.walls = .refused(reason)
        let failure = await #expect(throws: SandboxFailure.self) {
            _ = try await PythonToolRunner(sandbox: refused).schema(of: "def f(): 'F.'")
        }
        #expect(failure?.description.contains(reason) == true)
    }
}
