import JSON
import Testing

@testable import ToolRuntime

/// What a user's function gets, and what becomes of what it returns.
@Suite(.timeLimit(.minutes(2))) struct PythonToolTests {
    private static let returned: [(code: String, shown: JSONValue, value: JSONValue)] = [
        ("'text'", "text", "text"), ("None", "None", nil), ("True", "True", true), ("5", "5", 5), ("2.5", "2.5", 2.5),
        ("[1, 'a']", "[1, 'a']", [1, "a"]), ("(1, 2)", "(1, 2)", [1, 2]),
        (
            "{'b': [1, None, True], 'a': 'é'}", ["b": [1, nil, true], "a": "é"],
            ["b": [1, nil, true], "a": "é"]
        ),
        ("{3: float('nan'), 'n': 10**30}", ["3": "nan", "n": .string("1" + String(repeating: "0", count: 30))], .null),
        ("'\\ud800x'", "?x", "?x"),
    ]

    @Test func `what a function returns`() async throws {
        for (code, shown, value) in Self.returned {
            let result = try await run(body: "return \(code)")
            #expect(result.succeeded, "\(code): \(result)")
            #expect(result.shown == shown, "\(code)")
            if shown.object == nil { #expect(result.value == value, "\(code)") }
            #expect(result.stdout == [] && result.stderr == [], "\(code)")
        }
    }

    @Test func `an exception is told with what was printed before it`() async throws {
        let result = try await run(
            body: """
                import sys
                print("about to fail")
                print("on stderr", file=sys.stderr)
                raise ValueError("boom: test")
                """)
        #expect(!result.succeeded)
        #expect(result.shown == "Error executing function f: ValueError: boom: test")
        #expect(result.stdout == ["about to fail\n"])
        let stderr = try #require(result.stderr.first)
        #expect(stderr.hasPrefix("on stderr\nTraceback (most recent call last):\n  File \"tool.py\", line 5, in f\n"))
        #expect(stderr.hasSuffix("ValueError: boom: test\n"))
        let long = try await run(body: "raise ValueError('x' * 5000)")
        #expect(long.shown.string?.unicodeScalars.count == 1_000)
    }

    private static let failures: [(body: String, says: String)] = [
        ("import sys\nsys.exit(3)", "SystemExit: 3"), ("import os\nos._exit(3)", "it exited with status 3"),
        ("import os\nos.abort()", "it was killed by SIGABRT"), ("import nothing_here", "ModuleNotFoundError"),
        ("return 1 +", "SyntaxError"), ("def g(): return g()\nreturn g()", "RecursionError"),
        ("return 'x' * (9 << 20)", "ValueError: it returned more than 8 MB"),
    ]

    @Test func `every way to fail is words for the model`() async throws {
        for (body, says) in Self.failures {
            let result = try await run(body: body)
            #expect(!result.succeeded, "\(body)")
            let text = try #require(result.shown.string)
            #expect(text.hasPrefix("Error executing function f: ") && text.contains(says), "\(body): \(text)")
        }
    }

    private static let schema: JSONValue = [
        "parameters": [
            "properties": [
                "i": ["type": "integer"], "n": ["type": "number"], "b": ["type": "boolean"], "s": ["type": "string"],
                "a": ["type": "array", "items": ["type": "integer"]], "o": ["type": "object"],
            ],
            "required": ["i"],
        ]
    ]

    private static let conversions: [(argument: String, given: JSONValue, got: String)] = [
        ("i", "3", "3"), ("i", 3, "3"), ("i", 3.0, "3"), ("n", "2.5", "2.5"), ("n", 2, "2"), ("b", "true", "True"),
        ("b", "no", "False"), ("b", 1, "True"), ("s", 5, "'5'"), ("s", ["a": 1], "'{\"a\": 1}'"),
        ("a", ["1", 2], "[1, 2]"), ("a", "[1, 2]", "[1, 2]"), ("o", "{\"a\": [1]}", "{'a': [1]}"), ("i", nil, "None"),
    ]

    @Test func `arguments come in the types of the schema`() async throws {
        for (argument, given, got) in Self.conversions {
            let result = try await run(
                source: "def f(\(argument)): return repr(\(argument))", [argument: given], schema: Self.schema)
            #expect(result.shown == .string(got), "\(argument) \(given): \(result)")
        }
        let wrong = try await run(source: "def f(i): return i", ["i": "one"], schema: Self.schema)
        #expect(
            wrong.shown == "Error executing function f: ValueError: invalid literal for int() with base 10: 'one'")
    }

    private static let signatures: [(source: String, arguments: JSONObject, shown: JSONValue)] = [
        ("def f(a, b=2): return a + b", ["a": 1, "zz": 9], "3"),
        ("def f(a, /, *, k): return [a, k]", ["a": 1, "k": 2], "[1, 2]"),
        ("def f(a, **rest): return rest", ["a": 1, "z": 2], ["z": 2]),
        ("def f(self, agent_state, a): return [self, agent_state, a]", ["a": 1], "[None, None, 1]"),
        ("async def f(a):\n    import asyncio\n    await asyncio.sleep(0)\n    return a", ["a": 1], "1"),
        ("def f(i, s): return [i, s]", ["i": 1], "[1, None]"),
        ("def f(a: Optional[int], b: 'List[int]' = None): return a", ["a": 1], "1"),
        ("def helper(): return 5\ndef other(a): return helper() + a", ["a": 1], "6"),
        ("def f(): return __name__\nif __name__ == '__main__': raise ValueError()", [:], "tool"),
        (
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 'int'\ndef f(): return P(1).x", [:], "1"
        ),
    ]

    @Test func `functions are called as they want to be`() async throws {
        for (source, arguments, shown) in Self.signatures {
            let result = try await run(source: source, arguments, schema: Self.schema)
            #expect(result.shown == shown, "\(source): \(result)")
        }
        let missing = try await run(source: "def f(z): return z", schema: Self.schema)
        #expect(
            missing.shown
                == "Error executing function f: TypeError: f() missing 1 required positional argument: 'z'")
    }

    @Test func `arguments are data and never code`() async throws {
        let text = "'); import os; os._exit(1) #\n\"\"\" {x} \\ \u{7f}\u{1f600}"
        let result = try await run(source: "def f(s): return s", ["s": .string(text)])
        #expect(result.shown == .string(text))
    }

    @Test func `a variable that can not be is told to the model`() async throws {
        let result = try await run(body: "return 1", environment: ["A=B": "c"])
        #expect(!result.succeeded && result.shown.string?.contains("Error executing function f: ") == true, "\(result)")
    }

    /// What a filter of system calls could break.
    @Test func `threads, processes, sockets and shared memory of Python work`() async throws {
        let result = try await run(
            body: """
                import asyncio, ctypes, mmap, multiprocessing, os, resource, socket, sqlite3, ssl, subprocess, threading
                from multiprocessing import shared_memory
                async def both():
                    child = await asyncio.create_subprocess_exec("echo", "hi", stdout=asyncio.subprocess.PIPE)
                    return (await child.communicate())[0].decode(), await asyncio.to_thread(lambda: 5)
                seen = [asyncio.run(both()), subprocess.run(["echo", "ho"], capture_output=True, text=True).stdout]
                threads = [threading.Thread(target=seen.append, args=(n,)) for n in range(3)]
                for thread in threads:
                    thread.start()
                    thread.join()
                queue = multiprocessing.get_context("fork").Queue()
                child = multiprocessing.get_context("fork").Process(target=queue.put, args=(42,))
                child.start()
                seen.append(queue.get())
                child.join()
                block = shared_memory.SharedMemory(create=True, size=4096)
                block.close()
                block.unlink()
                mmap.mmap(-1, 4096)[0] = 1
                seen.append(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n + 1)(6))
                server = socket.create_server(("127.0.0.1", 0))
                socket.create_connection(server.getsockname()).close()
                socket.socketpair()
                ssl.create_default_context()
                resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
                os.sched_setaffinity(0, os.sched_getaffinity(0))
                os.nice(1)
                seen.append(sqlite3.connect("/tmp/x.db").execute("SELECT 8").fetchone()[0])
                return seen
                """)
        #expect(result.shown == "[('hi\\n', 5), 'ho\\n', 0, 1, 2, 42, 7, 8]", "\(result)")
    }

    @Test func `variables of the caller are there and no others`() async throws {
        let result = try await run(
            body: "import os\nreturn dict(os.environ)", environment: ["MY_KEY": "a=b\nc"])
        #expect(
            result.shown == [
                "PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "MY_KEY": "a=b\nc",
            ])
    }
}
