import Testing

@testable import LocalModels

@Suite(.timeLimit(.minutes(5))) struct UseCountTests {
    @Test func `waiting ends with the last use, and at once where there is none`() async throws {
        let uses = UseCount()
        try await uses.waitForZero()
        uses.increment()
        uses.increment()
        let waiting = Task { try await uses.waitForZero() }
        uses.decrement()
        #expect(!uses.isZero)
        uses.decrement()
        try await waiting.value
        #expect(uses.isZero)
    }

    @Test func `a cancelled waiter stops waiting`() async throws {
        let uses = UseCount()
        uses.increment()
        let waiting = Task { try await uses.waitForZero() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        uses.decrement()
        try await uses.waitForZero()
    }
}
