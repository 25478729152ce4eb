import EventStreams
import Synchronization
import TestSupport
import Testing

@testable import ModelProviders

@Suite(.timeLimit(.minutes(1))) struct ReadAheadTests {
    private let clock = ManualClock()
    private let timers: SilenceTimers

    init() {
        timers = SilenceTimers(clock: clock)
    }

    /// What a reading may do next, and what it has done.
    private final class Script: Sendable {
        let produced = Mutex(0)
        let isCancelled = Mutex(false)
    }

    private func numbers(
        upTo count: Int, ahead limit: Int, _ script: Script = Script()
    ) -> ReadAhead<Int, ProviderFailure> {
        ReadAhead(limit: limit, timers: timers) { source async throws(ProviderFailure) in
            for number in 0..<count where !Task.isCancelled {
                script.produced.withLock { $0 = number + 1 }
                await source.put(number)
            }
            script.isCancelled.withLock { $0 = Task.isCancelled }
            if Task.isCancelled { throw ProviderFailure(.cancelled, message: "cancelled") }
        }
    }

    @Test(arguments: [1, 3, 100]) func `all elements come in their order, then the end, again and again`(
        ahead limit: Int
    ) async throws {
        let reading = numbers(upTo: 50, ahead: limit)
        var taken: [Int] = []
        while let number = try await reading.next() { taken.append(number) }
        #expect(taken == Array(0..<50))
        #expect(try await reading.next() == nil)
    }

    @Test func `nothing is read before somebody asks, and no more than may be ready`() async throws {
        let script = Script()
        let reading = numbers(upTo: 50, ahead: 3, script)
        #expect(script.produced.withLock { $0 } == 0)
        #expect(try await reading.next() == 0)
        for _ in 0..<100 { await Task.yield() }
        #expect((3...4).contains(script.produced.withLock { $0 }), "one taken, three ready at most")
    }

    @Test func `what was read before a failure is handed over first`() async throws {
        let reading = ReadAhead<Int, ProviderFailure>(limit: 8, timers: timers) {
            source async throws(ProviderFailure) in
            await source.put(1)
            throw ProviderFailure(.cut, message: "cut")
        }
        #expect(try await reading.next() == 1)
        let failure = await #expect(throws: ProviderFailure.self) { try await reading.next() }
        #expect(failure?.kind == .cut)
    }

    @Test func `whoever is cancelled while he waits for an element cancels the reading`() async throws {
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

    @Test func `a reading that waits for a place ends with the object`() async throws {
        let script = Script()
        var reading: ReadAhead<Int, ProviderFailure>? = numbers(upTo: 50, ahead: 1, script)
        #expect(try await reading?.next() == 0)
        reading = nil
        while !script.isCancelled.withLock({ $0 }) { await Task.yield() }
        #expect(script.produced.withLock { $0 } < 50)
    }

    @Test func `a wait that takes too long is given up, one that is in time is not`() async throws {
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
        // The wait and the timer over it.
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(9))
        #expect(try await first == 1)
        await clock.waitForSleeper(dueWithin: .seconds(5))
        clock.advance(by: .seconds(5))
        let failure = await #expect(throws: ProviderFailure.self) { try await reading.next() }
        #expect(failure?.kind == .timeout)
    }

    @Test func `time that passes between two waits is nobody's`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let reading = ReadAhead<Int, ProviderFailure>(limit: 8, timers: timers) {
            source async throws(ProviderFailure) in
            _ = try? await source.within(.seconds(10)) {}
            for await _ in gate { break }
            await source.put(Task.isCancelled ? 0 : 1)
        }
        async let first = reading.next()
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(20))
        // The timer has looked by then, if it looked at all.
        for _ in 0..<100 { await Task.yield() }
        open.yield()
        #expect(try await first == 1)
    }

    @Test func `one reading after the other waits with the same timer`() async throws {
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
