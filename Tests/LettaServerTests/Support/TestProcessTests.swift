import Testing

/// Processes that tests start don't outlive them.
@Suite(.timeLimit(.minutes(5))) struct TestProcessTests {
    @Test func `the kernel kills a child when the tests end`() async throws {
        let program = """
            import ctypes
            signal = ctypes.c_int()
            ctypes.CDLL(None).prctl(2, ctypes.byref(signal))
            print("signal at the death of the parent:", signal.value, flush=True)
            """
        let child = try await TestProcess(["/usr/bin/python3", "-c", program])
        #expect(try await child.line(after: "parent: ") == "9")
        await child.kill()
    }

    @Test func `an end before the line is an error with the output`() async throws {
        let child = try await TestProcess(["/bin/sh", "-c", "echo no"])
        let failure = await #expect(throws: TestProcess.UnexpectedEnd.self) { try await child.line(after: "yes") }
        #expect(failure?.output == "no\n")
        await child.kill()
    }
}
