import EventStreams
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct SilenceTimerTests {
    private let clock = ManualClock()

    private func timer() -> (timer: SilenceTimer, silences: AsyncStream<Void>) {
        let (silences, say) = AsyncStream<Void>.makeStream()
        return (SilenceTimer(clock: clock) { say.yield() }, silences)
    }

    @Test func `a silence is called out when it has lasted, and the next one after a touch`() async {
        let (timer, silences) = timer()
        var count = silences.makeAsyncIterator()
        for _ in 0..<3 {
            timer.touch(.seconds(30))
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(30))
            #expect(await count.next() != nil)
            #expect(clock.sleeperCount == 0, "it rests")
        }
    }

    @Test func `what happens meanwhile puts it off`() async {
        let (timer, silences) = timer()
        timer.touch(.seconds(30))
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(20))
        timer.touch(.seconds(30))
        clock.advance(by: .seconds(10))
        // Woken at the old time, it sleeps for what is left of the new one.
        await clock.waitForSleeper(dueWithin: .seconds(20))
        clock.advance(by: .seconds(20))
        var count = silences.makeAsyncIterator()
        #expect(await count.next() != nil)
        // Kept until here: the timer ends with the object.
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

    @Test func `a timer that was given back serves the next stream without waking up`() async {
        let timers = SilenceTimers(clock: clock)
        let first = timers.timer { Issue.record("nobody waits any more") }
        first.touch(.seconds(30))
        await clock.waitForSleepers(1)
        timers.giveBack(first)
        clock.advance(by: .seconds(10))
        let (silences, say) = AsyncStream<Void>.makeStream()
        let second = timers.timer { say.yield() }
        #expect(second === first)
        second.touch(.seconds(30))
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(20))
        // The end of the first stream's time: only the second one counts.
        await clock.waitForSleeper(dueWithin: .seconds(10))
        clock.advance(by: .seconds(10))
        var count = silences.makeAsyncIterator()
        #expect(await count.next() != nil)
        timers.giveBack(second)
    }

    @Test func `what the last stream waited for is nothing to the next one`() async {
        let timers = SilenceTimers(clock: clock)
        let timer = timers.timer { Issue.record("nobody waits any more") }
        timer.touch(.seconds(30))
        await clock.waitForSleepers(1)
        timers.giveBack(timer)
        let (silences, say) = AsyncStream<Int>.makeStream()
        let next = timers.timer { say.yield(1) }
        clock.advance(by: .seconds(30))
        // It has looked, called nobody out and gone to rest: a touch begins anew.
        while clock.sleeperCount == 0 {
            await Task.yield()
            next.touch(.seconds(5))
        }
        say.yield(0)
        clock.advance(by: .seconds(5))
        var calls = silences.makeAsyncIterator()
        #expect(await calls.next() == 0)
        #expect(await calls.next() == 1)
    }

    @Test func `a shorter silence than the last stream's is not missed`() async {
        let timers = SilenceTimers(clock: clock)
        let timer = timers.timer {}
        timer.touch(.seconds(30))
        await clock.waitForSleepers(1)
        timers.giveBack(timer)
        let (silences, say) = AsyncStream<Void>.makeStream()
        timers.timer { say.yield() }.touch(.seconds(5))
        await clock.waitForSleeper(dueWithin: .seconds(5))
        clock.advance(by: .seconds(5))
        var count = silences.makeAsyncIterator()
        #expect(await count.next() != nil)
    }
}
