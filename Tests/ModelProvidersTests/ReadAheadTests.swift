import EventStreams
import Synchronization
import TestSupport
import Testing

@testable import ModelProviders

@Suite(.timeLimit(.minutes(5))) struct ReadAheadTests {
    private let clock = ManualClock()
    private let timers: SilenceTimers

    init() {
        timers = SilenceTimers(clock: clock)
    }

    /// Counts the calls of `next()` and the elements produced.
    private final class Counts: Sendable {
        let asked = Mutex(0)
        let produced = Mutex(0)
    }

    private struct Weak {
        weak var counts: Counts?
    }

    private func numbers(
        upTo count: Int, ahead limit: Int, _ counts: Counts = Counts()
    ) -> ReadAhead<Int, ProviderFailure> {
        ReadAhead(limit: limit, timers: timers) { source async throws(ProviderFailure) in
            for number in 0..<count where !Task.isCancelled {
                counts.produced.withLock { $0 = number + 1 }
                await source.put(number)
            }
            if Task.isCancelled { throw ProviderFailure(.cancelled, message: "cancelled") }
        }
    }

    @Test(arguments: [1, 3, 100]) func `all elements arrive in order, then the end, however often it is asked for`(
        ahead limit: Int
    ) async throws {
        let reading = numbers(upTo: 50, ahead: limit)
        var taken: [Int] = []
        while let number = try await reading.next() { taken.append(number) }
        #expect(taken == Array(0..<50))
        #expect(try await reading.next() == nil)
    }

    @Test func `the reading does not start before the first next()`() {
        var counts: Counts? = Counts()
        let kept = Weak(counts: counts)
        var reading = counts.map { numbers(upTo: 50, ahead: 3, $0) }
        #expect(reading != nil)
        #expect(counts?.produced.withLock { $0 } == 0)
        // A reading that had started would keep them alive, or have produced an element by now.
        (reading, counts) = (nil, nil)
        #expect(kept.counts == nil)
    }

    @Test(arguments: [1, 3]) func `no more is read ahead than the buffer holds`(ahead limit: Int) async throws {
        let counts = Counts()
        let reading = ReadAhead<Int, ProviderFailure>(limit: limit, timers: timers) {
            source async throws(ProviderFailure) in
            for number in 0..<50 {
                // All elements but those in the buffer have been taken.
                #expect(number < counts.asked.withLock { $0 } + limit)
                await source.put(number)
            }
        }
        for number in 0..<50 {
            counts.asked.withLock { $0 += 1 }
            #expect(try await reading.next() == number)
        }
    }

    @Test func `elements read before a failure are delivered first`() async throws {
        let reading = ReadAhead<Int, ProviderFailure>(limit: 8, timers: timers) {
            source async throws(ProviderFailure) in
            await source.put(1)
            throw ProviderFailure(.cut, message: "cut")
        }
        #expect(try await reading.next() == 1)
        let failure = await #expect(throws: ProviderFailure.self) { try await reading.next() }
        #expect(failure?.kind == .cut)
    }

    @Test func `cancelling the task that waits for an element cancels the reading`() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let reading = ReadAhead<Int, ProviderFailure>(limit: 8, timers: timers) { _ async throws(ProviderFailure) in
            start.yield()
            do { try await clock.sleep(for: .seconds(600)) } catch {
                throw ProviderFailure(.cancelled, message: "cancelled")
            }
        }
        let iterating = Task { try await reading.next() }
        for await _ in started { break }
        iterating.cancel()
        let failure = await #expect(throws: ProviderFailure.self) { try await iterating.value }
        #expect(failure?.kind == .cancelled)
    }

    @Test func `a reading that waits for the buffer to drain ends with the object`() async throws {
        let (ends, end) = AsyncStream<Bool>.makeStream()
        var reading: ReadAhead<Int, ProviderFailure>? = ReadAhead(limit: 1, timers: timers) {
            source async throws(ProviderFailure) in
            for number in 0..<50 where !Task.isCancelled { await source.put(number) }
            end.yield(Task.isCancelled)
        }
        #expect(try await reading?.next() == 0)
        reading = nil
        var isCancelled = ends.makeAsyncIterator()
        #expect(await isCancelled.next() == true)
    }

    @Test func `an operation that misses its deadline is abandoned, one that meets it is not`() async throws {
        let reading = ReadAhead<Int, ProviderFailure>(limit: 8, timers: timers) {
            [clock] source async throws(ProviderFailure) in
            do {
                try await source.within(.seconds(10)) { try await clock.sleep(for: .seconds(9)) }
                await source.put(1)
                try await source.within(.seconds(5)) { try await clock.sleep(for: .seconds(600)) }
            } catch {
                throw ProviderFailure(error is DeadlineExceeded ? .timeout : .cancelled, message: "\(error)")
            }
        }
        async let first = reading.next()
        // The operation and the timer.
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(9))
        #expect(try await first == 1)
        await clock.waitForSleeper(dueWithin: .seconds(5))
        clock.advance(by: .seconds(5))
        let failure = await #expect(throws: ProviderFailure.self) { try await reading.next() }
        #expect(failure?.kind == .timeout)
    }

    @Test func `time that passes between two operations counts for neither`() async throws {
        let reading = ReadAhead<Int, ProviderFailure>(limit: 8, timers: timers) {
            [clock] source async throws(ProviderFailure) in
            _ = try? await source.within(.seconds(10)) {}
            clock.advance(by: .seconds(20))
            // What the timer's task does when it wakes up.
            _ = source.timer?.check()
            await source.put(Task.isCancelled ? 0 : 1)
        }
        #expect(try await reading.next() == 1)
    }

    @Test func `consecutive readings share one timer`() async throws {
        for _ in 0..<3 {
            let reading = ReadAhead<Int, ProviderFailure>(limit: 8, timers: timers) {
                source async throws(ProviderFailure) in
                _ = try? await source.within(.seconds(30)) { await Task.yield() }
                await source.put(1)
            }
            #expect(try await reading.next() == 1)
            #expect(try await reading.next() == nil)
            #expect(clock.sleeperCount == 1)
        }
    }
}
