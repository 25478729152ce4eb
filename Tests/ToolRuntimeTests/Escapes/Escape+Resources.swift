@testable import ToolRuntime

extension Escape {
    private static func quick(_ limits: inout ToolSandbox.Limits) {
        limits.seconds = 1
        limits.memory = 400 << 20
    }

    /// Taking more than there is for one call.
    static let resources: [Escape] = [
        Escape(
            "a fork bomb", fails: ["BlockingIOError"],
            """
            while True:
                if os.fork() == 0: time.sleep(100)
            """),
        Escape(
            "threads", fails: ["RuntimeError: can't start new thread"],
            "while True: threading.Thread(target=time.sleep, args=(100,), daemon=True).start()"),
        Escape("memory of one process", fails: ["MemoryError"], "return len(bytearray(10 << 30))"),
        Escape(
            "memory of many processes",
            fails: ["MemoryError: it took more than 400 MB", "RuntimeError: it was killed"],
            in: [.namespaces, .landlock], limits: { $0.memory = 400 << 20 },
            """
            for _ in range(20):
                if os.fork() == 0:
                    block = bytearray(40 << 20)
                    for place in range(0, len(block), 4096): block[place] = 1
                    time.sleep(100)
            time.sleep(100)
            """),
        Escape(
            "temporary files", fails: ["OSError", "it wrote more than"], in: [.namespaces, .landlock],
            """
            for number in range(1000): open(f'{number}', 'wb').write(bytes(8 << 20))
            """),
        Escape(
            "one large file", fails: ["OSError", "SIGXFSZ"],
            "with open('large', 'wb') as file:\\n    while True: file.write(bytes(1 << 20))"
                .replacing("\\n", with: "\n")),
        Escape(
            "shared memory", fails: ["OSError", "PermissionError"],
            "with open('/dev/shm/large', 'wb') as file:\\n    while True: file.write(bytes(1 << 20))"
                .replacing("\\n", with: "\n")),
        Escape(
            "files without content", fails: ["it made more than 32768 files and folders"], in: [.namespaces],
            """
            for number in range(10 ** 6): os.mkdir(f'{number}')
            """),
        Escape("descriptors", fails: ["OSError"], "while True: os.dup(1)"),
        Escape(
            "sockets", fails: ["it opened more than 1024 sockets"], in: [.namespaces],
            """
            for _ in range(20):
                if os.fork() == 0:
                    pairs = [socket.socketpair() for _ in range(100)]
                    time.sleep(100)
            time.sleep(100)
            """),
        Escape("time", fails: ["TimeoutError: it did not end within 1 seconds"], limits: quick, "while True: pass"),
        Escape(
            "time while signals are ignored", fails: ["TimeoutError: it did not end within 1 seconds"],
            in: [.namespaces], limits: quick,
            """
            for number in set(signal.Signals) - {9, 19}: signal.signal(number, signal.SIG_IGN)
            while True: time.sleep(100)
            """),
        Escape(
            "time in a process of its own session", fails: ["TimeoutError: it did not end within 1 seconds"],
            in: [.namespaces, .landlock], limits: quick,
            """
            if os.fork(): time.sleep(100)
            os.setsid()
            if os.fork(): os._exit(0)
            time.sleep(100)
            """),
    ]

    /// Deceiving whoever reads the result.
    static let results: [Escape] = [
        Escape(
            "a result of 1 GB", fails: ["it returned more than 8 MB", "MemoryError", "TimeoutError"],
            "return 'x' * (1 << 30)"),
        Escape(
            "a report of its own", fails: ["the result can't be read", "it returned no result"],
            """
            for number in range(3, 256):
                try:
                    os.write(number, b'\\n{"end": "done", "answer": null, "stdout": "", "stderr": ""}\\n{')
                except OSError:
                    pass
            os._exit(0)
            """),
        Escape(
            "a report in the place of the other", "os.write(os.open('/proc/1/fd/1', os.O_WRONLY), b'x'); return 'done'"),
        Escape("no result", fails: ["it returned no result"], "os._exit(0)"),
        Escape(
            "output without end", fails: ["TimeoutError"], in: [.namespaces], limits: quick,
            "while True: print('x' * 1000)"),
        Escape(
            "errors without end", fails: ["TimeoutError"], in: [.namespaces], limits: quick,
            "while True: print('x' * 1000, file=sys.stderr)"),
        Escape("an exit", fails: ["SystemExit"], "sys.exit(0)"),
        Escape("a crash", fails: ["it was killed by SIGSEGV"], "ctypes.string_at(0)"),
        Escape("an abort", fails: ["it was killed by SIGABRT"], "os.abort()"),
        Escape(
            "an error that can't be shown", fails: ["Broken: ?"],
            """
            class Broken(Exception):
                def __str__(self): raise ValueError('no text')
            raise Broken()
            """),
    ]
}
