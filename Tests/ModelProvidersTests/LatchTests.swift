import EventStreams
import Testing

@Suite(.timeLimit(.minutes(5))) struct LatchTests {
    @Test func `opening resumes everybody who waits, and later ones do not wait`() async throws {
        let latch = Latch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { try await latch.wait() } }
            latch.open()
            try await group.waitForAll()
        }
        try await latch.wait()
        latch.open()
        try await latch.wait()
    }

    @Test func `a cancelled waiter stops waiting and leaves the others alone`() async throws {
        let latch = Latch()
        let cancelled = Task { try await latch.wait() }
        let other = Task { try await latch.wait() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        latch.open()
        try await other.value
    }

    @Test func `a task that is already cancelled does not wait`() async {
        let latch = Latch()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let task = Task {
            for await _ in gate {}
            try await latch.wait()
        }
        task.cancel()
        open.finish()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
