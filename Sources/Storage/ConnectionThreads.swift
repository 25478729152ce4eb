import Dispatch
import Synchronization

/// A connection pool whose connections each live on a thread of their own, so that blocking calls never hold a thread
/// of the cooperative pool.
///
/// A connection is made on its thread at the first use and never leaves it, so it needs no lock. The thread that became
/// idle last takes the next job, because its caches are warm. When all threads are busy, jobs wait in a FIFO queue; a job
/// leaves the queue when its task is cancelled or its deadline passes.
package final class ConnectionThreads<Connection>: Sendable {
    private struct Job {
        let id: Int
        let deadline: ContinuousClock.Instant
        let interruption: Interruption
        /// Does the work and returns a closure that resumes the caller. Until that closure is called, the work may be
        /// done again.
        let work: @Sendable (Connection, Interruption) -> () -> Void
        let fail: @Sendable (SQLFailure) -> Void
    }

    /// How a connection makes one commit, and so one fsync, of jobs that wait in the queue.
    package struct GroupCommit: Sendable {
        let limit: Int
        let window: Duration
        let transaction: @Sendable (Connection, () -> Void) throws -> Void

        /// - Parameters:
        ///   - limit: the most jobs in a group.
        ///   - window: how long a group takes in further jobs.
        ///   - transaction: runs the closure, which does the jobs, and commits. When it throws, it has rolled all of them
        ///     back, and each is done again alone.
        package init(
            limit: Int, window: Duration, transaction: @escaping @Sendable (Connection, () -> Void) throws -> Void
        ) {
            self.limit = limit
            self.window = window
            self.transaction = transaction
        }
    }

    private struct State {
        var idle: [Worker] = []
        var queue: [Job] = []
        var running = 0
        var lastJob = 0
        /// At most one timer is set: for the head of the queue, which has the earliest deadline.
        var isTimerSet = false
        var isClosed = false
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    /// A thread's semaphore and the job it wakes up for; no job means that the thread ends.
    private final class Worker: Sendable {
        let semaphore = DispatchSemaphore(value: 0)
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
    private let limit: Int
    private let queueTimeout: Duration
    private let timeoutKind: SQLFailure.Kind
    private let groupCommit: GroupCommit?
    private let connect: @Sendable () -> Connection
    private let disconnect: @Sendable (Connection) -> Void
    private let startThread: ThreadStarter

    package typealias ThreadStarter = @Sendable (_ body: @escaping @Sendable () -> Void) throws(SQLFailure) -> Void

    /// - Parameters:
    ///   - queueTimeout: how long a job may wait in the queue before it fails with `timeoutKind`.
    ///   - groupCommit: nil when each job is committed alone.
    ///   - connect: makes a thread's connection; called on that thread, as is `disconnect`.
    ///   - startThread: runs its argument on a new thread, or throws and does not run it.
    package init(
        limit: Int, queueTimeout: Duration = .seconds(10), timeoutKind: SQLFailure.Kind,
        groupCommit: GroupCommit? = nil,
        connect: @escaping @Sendable () -> Connection, disconnect: @escaping @Sendable (Connection) -> Void,
        startThread: @escaping ThreadStarter = { try DatabaseThread.start($0) }
    ) {
        self.limit = limit
        self.queueTimeout = queueTimeout
        self.timeoutKind = timeoutKind
        self.groupCommit = groupCommit
        self.connect = connect
        self.disconnect = disconnect
        self.startThread = startThread
    }

    /// Runs `body` on one of the threads and returns what it returns, even when the task was cancelled meanwhile: what
    /// has been committed is reported as committed.
    package func run<T: Sendable>(
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
                        id: id, deadline: .now.advanced(by: queueTimeout), interruption: interruption,
                        work: { connection, interruption in
                            let result = Result { try body(connection, interruption) }
                            return { continuation.resume(with: result) }
                        },
                        fail: { continuation.resume(throwing: $0) }))
            }
        } onCancel: {
            // In this order: a job that is submitted between the two sees the first.
            interruption.cancel()
            removeFromQueue(id)
        }
    }

    /// Lets running and queued jobs end, then closes the connections.
    package func close() async {
        await withCheckedContinuation { continuation in
            let idle = state.withLock { state -> [Worker] in
                state.isClosed = true
                state.closing.append(continuation)
                defer { state.idle = [] }
                return state.idle
            }
            for worker in idle { worker.semaphore.signal() }
            resumeIfAllEnded()
        }
    }

    // MARK: - The queue

    private enum Admission {
        case start(Worker)
        case wake(Worker)
        case wait(setTimer: Bool)
        case fail(SQLFailure)
    }

    private func submit(_ job: Job) {
        let admission = state.withLock { state -> Admission in
            if state.isClosed { return .fail(SQLFailure(.unavailable, "the database is closed")) }
            if job.interruption.isCancelled { return .fail(Self.cancelled) }
            if let worker = state.idle.popLast() {
                worker.job.withLock { $0 = job }
                return .wake(worker)
            }
            if state.running < limit {
                state.running += 1
                return .start(Worker(job))
            }
            state.queue.append(job)
            defer { state.isTimerSet = true }
            return .wait(setTimer: !state.isTimerSet)
        }
        switch admission {
        case .wake(let worker): worker.semaphore.signal()
        case .start(let worker): start(worker, for: job)
        case .wait(let setTimer): if setTimer { setQueueTimer(queueTimeout) }
        case .fail(let failure): job.fail(failure)
        }
    }

    private static var cancelled: SQLFailure { SQLFailure(.cancelled, "cancelled while waiting for a connection") }

    private func removeFromQueue(_ id: Int) {
        let job = state.withLock { state in
            state.queue.firstIndex { $0.id == id }.map { state.queue.remove(at: $0) }
        }
        job?.fail(Self.cancelled)
    }

    private func setQueueTimer(_ delay: Duration) {
        let seconds = Double(delay.components.seconds) + Double(delay.components.attoseconds) / 1e18
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in
            self?.failExpiredJobs()
        }
    }

    private func failExpiredJobs() {
        let now = ContinuousClock.now
        let (expired, next) = state.withLock { state in
            let expired = state.queue.prefix { $0.deadline <= now }
            state.queue.removeFirst(expired.count)
            state.isTimerSet = !state.queue.isEmpty
            return (expired, state.queue.first?.deadline)
        }
        let failure = SQLFailure(timeoutKind, "no connection was free within \(queueTimeout)")
        for job in expired { job.fail(failure) }
        if let next { setQueueTimer(now.duration(to: next)) }
    }

    // MARK: - The threads

    private func start(_ worker: Worker, for job: Job) {
        var failed: Job? = job
        var worker = worker
        while let job = failed {
            do {
                try startThread { [self, worker] in run(worker) }
                return
            } catch {
                job.fail(error)
                // Jobs that came meanwhile wait for the thread that did not start.
                failed = takeJobOfEndedThread()
                if let failed { worker = Worker(failed) }
            }
        }
    }

    private func run(_ worker: Worker) {
        let connection = connect()
        var job = worker.takeJob()
        while let current = job {
            perform(current, connection)
            job = nextJob(for: worker)
        }
        disconnect(connection)
        endThread()
    }

    /// The next job for a thread in place of one that has not started; nil when none waits or other threads are there to
    /// do it, and then the thread counts as ended.
    private func takeJobOfEndedThread() -> Job? {
        let job = state.withLock { state -> Job? in
            guard state.running == 1, !state.queue.isEmpty else { return nil }
            return state.queue.removeFirst()
        }
        if job == nil { endThread() }
        return job
    }

    /// Does the job, in one group with those that wait in the queue by now.
    private func perform(_ first: Job, _ connection: Connection) {
        guard let groupCommit, let second = takeFromQueue() else { return performAlone(first, connection) }
        var jobs = [first, second]
        var results: [() -> Void] = []
        let end = ContinuousClock.now.advanced(by: groupCommit.window)
        do {
            try groupCommit.transaction(connection) {
                while results.count < jobs.count {
                    let job = jobs[results.count]
                    results.append(job.work(connection, job.interruption))
                    guard results.count == jobs.count, jobs.count < groupCommit.limit, ContinuousClock.now < end else {
                        continue
                    }
                    if let next = takeFromQueue() { jobs.append(next) }
                }
            }
            for result in results { result() }
        } catch {
            // Any of them may have been the cause. Alone, it fails alone and says why.
            for job in jobs { performAlone(job, connection) }
        }
    }

    private func performAlone(_ job: Job, _ connection: Connection) {
        job.work(connection, job.interruption)()
    }

    private func takeFromQueue() -> Job? {
        state.withLock { $0.queue.isEmpty ? nil : $0.queue.removeFirst() }
    }

    private func nextJob(for worker: Worker) -> Job? {
        let (job, mustSleep) = state.withLock { state -> (Job?, Bool) in
            if !state.queue.isEmpty { return (state.queue.removeFirst(), false) }
            if state.isClosed { return (nil, false) }
            state.idle.append(worker)
            return (nil, true)
        }
        guard mustSleep else { return job }
        worker.semaphore.wait()
        return worker.takeJob()
    }

    private func endThread() {
        state.withLock { $0.running -= 1 }
        resumeIfAllEnded()
    }

    private func resumeIfAllEnded() {
        let closing = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.running == 0 else { return [] }
            defer { state.closing = [] }
            return state.closing
        }
        for continuation in closing { continuation.resume() }
    }
}
