// Foundation for Thread: the Essentials have none.
import Dispatch
import Foundation
import Synchronization

/// Runs blocking database work on a few threads, each with a connection of its own.
///
/// A connection is made on its thread at the first use and never leaves it, so it needs no lock. Work goes to
/// the thread that fell idle last (its caches are warm); when all are busy it waits in line, and leaves the
/// line when its task is cancelled or the deadline passes.
package final class ConnectionThreads<Connection>: Sendable {
    private struct Job {
        let id: Int
        let lateAt: ContinuousClock.Instant
        let interruption: Interruption
        let isAlone: Bool
        /// Does the work and returns what tells its result. Until that was called the work may be done again.
        let work: @Sendable (Connection, Interruption) -> () -> Void
        let refuse: @Sendable (SQLFailure) -> Void
        /// What is left to do when the result has been told.
        let afterwards: (@Sendable (Connection) -> Void)?
    }

    /// How a connection does what waits in line together, for what the end of each piece of work would cost.
    package struct Grouping: Sendable {
        /// How many pieces of work go together at most, and for how long more are taken in.
        let limit: Int
        let patience: Duration
        let together: @Sendable (Connection, () -> Void) throws -> Void

        /// - Parameter together: runs the closure, which does the work, and ends it all. When it throws, each piece is
        ///   done again alone; so what was done must be undone, or the connection refuse to do anything more.
        package init(
            limit: Int, patience: Duration, together: @escaping @Sendable (Connection, () -> Void) throws -> Void
        ) {
            self.limit = limit
            self.patience = patience
            self.together = together
        }
    }

    private struct State {
        var idle: [Worker] = []
        var line: [Job] = []
        var running = 0
        var lastJob = 0
        /// One timer at most is set; it is for the head of the line, which is the first to be late.
        var isTimerSet = false
        var isClosed = false
        var whenEnded: [CheckedContinuation<Void, Never>] = []
    }

    /// What a thread sleeps on, and the job it wakes up for; none means the end.
    private final class Worker: Sendable {
        let bell = DispatchSemaphore(value: 0)
        let job: Mutex<Job?>

        init(_ job: Job) {
            self.job = Mutex(job)
        }

        func takeJob() -> Job? {
            job.withLock { job in
                defer { job = nil }
                return job
            }
        }
    }

    private let state = Mutex(State())
    private let name: String
    private let limit: Int
    private let patience: Duration
    private let whenLate: SQLFailure
    private let grouping: Grouping?
    private let connect: @Sendable () -> Connection
    private let disconnect: @Sendable (Connection) -> Void
    private let tidy: @Sendable (Connection) -> Void

    /// - Parameters:
    ///   - patience: how long work may stand in line before it fails with `whenLate`.
    ///   - grouping: how waiting work is done together; nil when each piece is done alone.
    ///   - connect: makes a thread's connection; called on that thread, as are `disconnect` and `tidy`.
    ///   - tidy: called when the results of some work have been told.
    package init(
        name: String, limit: Int, patience: Duration, whenLate: SQLFailure, grouping: Grouping? = nil,
        connect: @escaping @Sendable () -> Connection, disconnect: @escaping @Sendable (Connection) -> Void,
        tidy: @escaping @Sendable (Connection) -> Void = { _ in }
    ) {
        self.name = name
        self.limit = limit
        self.patience = patience
        self.whenLate = whenLate
        self.grouping = grouping
        self.connect = connect
        self.disconnect = disconnect
        self.tidy = tidy
    }

    /// Runs `body` on one of the threads and returns what it returns.
    ///
    /// - Parameters:
    ///   - alone: whether it must not be done together with other work.
    ///   - toItsEnd: whether it is done although the task is cancelled.
    ///   - afterwards: called on the thread when the result has been told, if the work was done at all.
    package func run<T: Sendable>(
        alone: Bool = false, toItsEnd: Bool = false, afterwards: (@Sendable (Connection) -> Void)? = nil,
        _ body: @escaping @Sendable (Connection, Interruption) throws -> T
    ) async throws -> T {
        let interruption = Interruption()
        let id = state.withLock { state in
            state.lastJob += 1
            return state.lastJob
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(
                    Job(
                        id: id, lateAt: .now.advanced(by: patience), interruption: interruption, isAlone: alone,
                        work: { connection, interruption in
                            let result = Result { try body(connection, interruption) }
                            return { continuation.resume(with: result) }
                        },
                        refuse: { continuation.resume(throwing: $0) }, afterwards: afterwards))
            }
        } onCancel: {
            guard !toItsEnd else { return }
            // In this order: a job that is submitted between the two sees the first.
            interruption.cancel()
            withdraw(id)
        }
    }

    /// Lets the work that runs or waits end, then closes the connections.
    package func close() async {
        await withCheckedContinuation { continuation in
            let idle = state.withLock { state -> [Worker] in
                state.isClosed = true
                state.whenEnded.append(continuation)
                defer { state.idle = [] }
                return state.idle
            }
            for worker in idle { worker.bell.signal() }
            resumeWhenEnded()
        }
    }

    // MARK: - The line

    private enum Admission {
        case start(Worker)
        case wake(Worker)
        case wait(setTimer: Bool)
        case refuse(SQLFailure)
    }

    private func submit(_ job: Job) {
        let admission = state.withLock { state -> Admission in
            if state.isClosed { return .refuse(SQLFailure(.unavailable, "the database is closed")) }
            if job.interruption.isCancelled { return .refuse(Self.cancelled) }
            if let worker = state.idle.popLast() {
                worker.job.withLock { $0 = job }
                return .wake(worker)
            }
            if state.running < limit {
                state.running += 1
                return .start(Worker(job))
            }
            state.line.append(job)
            defer { state.isTimerSet = true }
            return .wait(setTimer: !state.isTimerSet)
        }
        switch admission {
        case .wake(let worker): worker.bell.signal()
        case .start(let worker): start(worker)
        case .wait(let setTimer): if setTimer { refuseLate(after: patience) }
        case .refuse(let failure): job.refuse(failure)
        }
    }

    private static var cancelled: SQLFailure { SQLFailure(.cancelled, "cancelled while waiting for a connection") }

    private func withdraw(_ id: Int) {
        let job = state.withLock { state in
            state.line.firstIndex { $0.id == id }.map { state.line.remove(at: $0) }
        }
        job?.refuse(Self.cancelled)
    }

    private func refuseLate(after delay: Duration) {
        let seconds = Double(delay.components.seconds) + Double(delay.components.attoseconds) / 1e18
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in
            self?.refuseLate()
        }
    }

    private func refuseLate() {
        let now = ContinuousClock.now
        let (late, next) = state.withLock { state in
            let late = state.line.prefix { $0.lateAt <= now }
            state.line.removeFirst(late.count)
            state.isTimerSet = !state.line.isEmpty
            return (late, state.line.first?.lateAt)
        }
        for job in late { job.refuse(whenLate) }
        if let next { refuseLate(after: now.duration(to: next)) }
    }

    // MARK: - The threads

    private func start(_ worker: Worker) {
        let thread = Thread { [self] in
            let connection = connect()
            var job = worker.takeJob()
            while let current = job {
                carryOut(current, connection)
                tidy(connection)
                job = nextJob(for: worker)
            }
            disconnect(connection)
            state.withLock { $0.running -= 1 }
            resumeWhenEnded()
        }
        thread.name = name
        thread.start()
    }

    /// Does the work, and together with it what waits by now.
    private func carryOut(_ first: Job, _ connection: Connection) {
        guard let grouping, !first.isAlone, let second = takeFromLine() else {
            return carryOutAlone(first, connection)
        }
        var jobs = [first, second]
        var results: [() -> Void] = []
        let end = ContinuousClock.now.advanced(by: grouping.patience)
        do {
            try grouping.together(connection) {
                while results.count < jobs.count {
                    let job = jobs[results.count]
                    results.append(job.work(connection, job.interruption))
                    guard results.count == jobs.count, jobs.count < grouping.limit, ContinuousClock.now < end else {
                        continue
                    }
                    if let next = takeFromLine() { jobs.append(next) }
                }
            }
            for result in results { result() }
            for job in jobs { job.afterwards?(connection) }
        } catch {
            // One of them spoilt it for all. Alone, it fails alone and says why.
            for job in jobs { carryOutAlone(job, connection) }
        }
    }

    private func carryOutAlone(_ job: Job, _ connection: Connection) {
        job.work(connection, job.interruption)()
        job.afterwards?(connection)
    }

    private func takeFromLine() -> Job? {
        state.withLock { state in
            guard let first = state.line.first, !first.isAlone else { return nil }
            return state.line.removeFirst()
        }
    }

    private func nextJob(for worker: Worker) -> Job? {
        let (job, mustSleep) = state.withLock { state -> (Job?, Bool) in
            if !state.line.isEmpty { return (state.line.removeFirst(), false) }
            if state.isClosed { return (nil, false) }
            state.idle.append(worker)
            return (nil, true)
        }
        guard mustSleep else { return job }
        worker.bell.wait()
        return worker.takeJob()
    }

    private func resumeWhenEnded() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.running == 0 else { return [] }
            defer { state.whenEnded = [] }
            return state.whenEnded
        }
        for continuation in waiting { continuation.resume() }
    }
}
