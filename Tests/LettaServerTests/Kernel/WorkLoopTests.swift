import LettaAPI
import Logging
import StorageSQLite
import Synchronization
import TestSupport
import Testing

@testable import LettaServer

struct WorkLoopTests {
    private struct Broken: Error {}

    /// A loop whose steps are told one by one what they find.
    private final class Worker: Sendable {
        let clock = ManualClock()
        let loop: WorkLoop
        private let (steps, begun) = AsyncStream.makeStream(of: Int.self)
        private let findings: Mutex<[Result<WorkLoop.Finding, Broken>]>
        private let count = Mutex(0)

        init(_ findings: [Result<WorkLoop.Finding, Broken>]) {
            self.findings = Mutex(findings)
            let core = Core(
                storage: SQLiteEngine.inMemory(), ids: .random, now: { Timestamp(microseconds: 0) },
                clock: clock, logger: Logger(label: "work") { _ in SwiftLogNoOpLogHandler() })
            loop = WorkLoop(core: core, failureNotice: "Work is done later")
        }

        func start() {
            loop.start { [self] _ in try step() }
        }

        private func step() throws -> WorkLoop.Finding {
            defer {
                begun.yield(
                    count.withLock {
                        $0 += 1; return $0
                    })
            }
            return try findings.withLock { $0.isEmpty ? .success(.nothing(until: nil)) : $0.removeFirst() }.get()
        }

        func waitForStep(_ number: Int) async {
            for await step in steps where step == number { return }
        }

        var stepCount: Int { count.withLock { $0 } }
    }

    @Test func `steps follow each other while there is more, and then each wake`() async {
        let worker = Worker([.success(.more), .success(.more)])
        worker.start()
        await worker.waitForStep(3)
        worker.loop.wake()
        await worker.waitForStep(4)
        #expect(worker.clock.sleeperCount == 0)
        await worker.loop.close()
        worker.loop.wake()
        worker.start()
        #expect(worker.stepCount == 4)
    }

    @Test func `it rests until something is due, and not too long`() async {
        let worker = Worker([
            .success(.nothing(until: Timestamp(microseconds: 5_000_000))),
            .success(.nothing(until: Timestamp(microseconds: 500_000_000))),
        ])
        worker.start()
        await worker.clock.waitForSleepers(1)
        worker.clock.advance(by: .seconds(5))
        await worker.waitForStep(2)
        await worker.clock.waitForSleepers(1)
        worker.clock.advance(by: WorkLoop.longestRest)
        await worker.waitForStep(3)
        await worker.loop.close()
    }

    @Test(arguments: [true, false])
    func `what fails is tried again after a pause`(throwing: Bool) async {
        let worker = Worker([throwing ? .failure(Broken()) : .success(.refused)])
        worker.start()
        await worker.clock.waitForSleepers(1)
        #expect(worker.stepCount == 1)
        worker.clock.advance(by: WorkLoop.pause)
        await worker.waitForStep(2)
        await worker.loop.close()
    }

    @Test func `closing ends what steps left to run`() async {
        let worker = Worker([])
        let (ends, end) = AsyncStream.makeStream(of: Bool.self)
        let (starts, start) = AsyncStream.makeStream(of: Void.self)
        worker.loop.start { [clock = worker.clock] group in
            group.addTask {
                start.yield()
                // It fails when the loop is closed.
                try? await clock.sleep(for: .seconds(1_000))
                end.yield(Task.isCancelled)
            }
            return .nothing(until: nil)
        }
        for await _ in starts { break }
        await worker.loop.close()
        end.finish()
        #expect(await ends.reduce(into: []) { $0.append($1) } == [true])
    }
}
