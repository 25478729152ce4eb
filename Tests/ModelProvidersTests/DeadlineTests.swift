import EventStreams
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct DeadlineTests {
    private struct TooSlow: Error {}

    private let clock = ManualClock()

    @Test func `an operation that ends in time gives its value, and nothing sleeps on`() async throws {
        #expect(try await withDeadline(.seconds(5), clock: clock) { 7 } == 7)
        #expect(clock.sleeperCount == 0)
    }

    @Test func `the deadline cancels the operation and throws the failure`() async {
        let running = Task {
            try await withDeadline(.seconds(5), clock: clock, throwing: TooSlow()) { [clock] in
                try await clock.sleep(for: .seconds(600))
            }
        }
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(5))
        await #expect(throws: TooSlow.self) { try await running.value }
        #expect(clock.sleeperCount == 0)
    }

    @Test func `an error of the operation is passed on`() async {
        await #expect(throws: TooSlow.self) {
            try await withDeadline(.seconds(5), clock: clock) { throw TooSlow() }
        }
    }
}
