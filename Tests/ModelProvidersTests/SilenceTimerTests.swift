import EventStreams
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct SilenceTimerTests {
    private let clock = ManualClock()

    private func timer() -> (timer: SilenceTimer, silences: AsyncStream<Void>) {
        let (silences, say) = AsyncStream<Void>.makeStream()
        return (SilenceTimer(clock: clock) { say.yield() }, silences)
    }

    @Test func `it fires after the idle time, and again after the next touch`() async {
        let (timer, silences) = timer()
        var count = silences.makeAsyncIterator()
        for _ in 0..<3 {
            timer.touch(.seconds(30))
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(30))
            #expect(await count.next() != nil)
            #expect(clock.sleeperCount == 0, "no task is left")
        }
    }

    @Test func `a touch postpones it`() async {
        let (timer, silences) = timer()
        timer.touch(.seconds(30))
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(20))
        timer.touch(.seconds(30))
        clock.advance(by: .seconds(10))
        // Woken at the old deadline, the task sleeps until the new one.
        await clock.waitForSleeper(dueWithin: .seconds(20))
        clock.advance(by: .seconds(20))
        var count = silences.makeAsyncIterator()
        #expect(await count.next() != nil)
        // Keeps the timer alive until here.
        timer.touch(.seconds(30))
    }

    @Test func `nothing sleeps before the first touch or when the timer is gone`() async throws {
        var last: SilenceTimer? = timer().timer
        #expect(clock.sleeperCount == 0)
        last?.touch(.seconds(30))
        await clock.waitForSleepers(1)
        last = nil
        #expect(clock.sleeperCount == 0)
    }

    @Test func `a recycled timer serves the next stream with the same task`() async {
        let timers = SilenceTimers(clock: clock)
        let first = timers.timer { Issue.record("fired for a stream that has ended") }
        first.touch(.seconds(30))
        await clock.waitForSleepers(1)
        timers.recycle(first)
        clock.advance(by: .seconds(10))
        let (silences, say) = AsyncStream<Void>.makeStream()
        let second = timers.timer { say.yield() }
        #expect(second === first)
        second.touch(.seconds(30))
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(20))
        // The deadline of the first stream passes; only the second one's counts.
        await clock.waitForSleeper(dueWithin: .seconds(10))
        clock.advance(by: .seconds(10))
        var count = silences.makeAsyncIterator()
        #expect(await count.next() != nil)
        timers.recycle(second)
    }

    @Test func `a recycled timer does not fire for the deadline of its last stream`() async {
        let timers = SilenceTimers(clock: clock)
        let timer = timers.timer { Issue.record("fired for a stream that has ended") }
        timer.touch(.seconds(30))
        await clock.waitForSleepers(1)
        timers.recycle(timer)
        let next = timers.timer { Issue.record("fired before the first touch") }
        #expect(next === timer)
        clock.advance(by: .seconds(30))
        // What the task does when it wakes up.
        #expect(next.check() == nil)
    }

    @Test func `a paused timer does not fire, and counts from the next touch`() async {
        let (timer, silences) = timer()
        timer.touch(.seconds(30))
        await clock.waitForSleepers(1)
        timer.pause()
        clock.advance(by: .seconds(30))
        #expect(timer.check() == nil)
        timer.touch(.seconds(5))
        await clock.waitForSleeper(dueWithin: .seconds(5))
        clock.advance(by: .seconds(4))
        #expect(timer.check() == .seconds(1))
        clock.advance(by: .seconds(1))
        var count = silences.makeAsyncIterator()
        #expect(await count.next() != nil)
        // Keeps the timer alive until here.
        timer.pause()
    }

    @Test func `a recycled timer wakes up early for a shorter idle time`() async {
        let timers = SilenceTimers(clock: clock)
        let timer = timers.timer {}
        timer.touch(.seconds(30))
        await clock.waitForSleepers(1)
        timers.recycle(timer)
        let (silences, say) = AsyncStream<Void>.makeStream()
        timers.timer { say.yield() }.touch(.seconds(5))
        await clock.waitForSleeper(dueWithin: .seconds(5))
        clock.advance(by: .seconds(5))
        var count = silences.makeAsyncIterator()
        #expect(await count.next() != nil)
    }
}
