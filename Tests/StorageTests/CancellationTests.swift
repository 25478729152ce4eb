import Storage
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3))) struct CancellationTests {
    private static func endless(_ dialect: Dialect) -> SQLText {
        switch dialect {
        case .sqlite:
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS n FROM n"
        case .postgres: "SELECT pg_sleep(600)"
        }
    }

    /// Starts an endless statement and returns its task once the statement is about to run.
    private func startEndless(
        _ statement: SQLText? = nil, on engine: any StorageEngine, writing: Bool = false
    ) async -> Task<SQLFailure.Kind?, Never> {
        let (isRunning, sayRunning) = AsyncStream<Void>.makeStream()
        let body: @Sendable (any SQLExecutor) throws -> Void = { db in
            if writing { try db.execute("INSERT INTO mark VALUES (1)") }
            sayRunning.finish()
            _ = try db.rows(statement ?? Self.endless(db.dialect))
        }
        let task = Task {
            await failureKind { writing ? try await engine.write(body) : try await engine.read(body) }
        }
        for await _ in isRunning {}
        return task
    }

    @Test(arguments: Engine.tested) func `a cancelled statement stops and the connection serves on`(
        _ kind: Engine
    ) async throws {
        try await withEngine(kind, connections: 1) { engine in
            try await engine.write { try $0.execute("CREATE TABLE mark (id BIGINT)") }
            for round in 1...5 {
                for writing in [false, true] {
                    let task = await startEndless(on: engine, writing: writing)
                    task.cancel()
                    #expect(await task.value == .cancelled)
                    #expect(try await engine.read { try $0.value("SELECT COUNT(*) FROM mark") } == round - 1)
                }
                #expect(try await engine.write { try $0.execute("INSERT INTO mark VALUES (2)") } == 1)
            }
        }
    }

    @Test func `a statement that the server already runs is cancelled there`() async throws {
        guard Engine.tested.contains(.postgres) else { return }
        try await withEngine(.postgres) { engine in
            // A time that no other test sleeps for.
            let running: SQLText = """
                SELECT COUNT(*) FROM pg_stat_activity
                WHERE query = 'SELECT pg_sleep(599.5)' AND state = 'active' AND application_name = \("letta-server")
                """
            let task = await startEndless("SELECT pg_sleep(599.5)", on: engine)
            while try await engine.read({ try $0.value(running) as Int? }) == 0 {}
            task.cancel()
            #expect(await task.value == .cancelled)
        }
    }

    @Test(arguments: Engine.tested) func `a task that is cancelled already runs nothing`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { try $0.execute("CREATE TABLE mark (id BIGINT)") }
            let gate = AsyncStream<Void>.makeStream()
            let task = Task {
                for await _ in gate.stream {}
                return await failureKind { try await engine.write { try $0.execute("INSERT INTO mark VALUES (1)") } }
            }
            task.cancel()
            gate.continuation.finish()
            #expect(await task.value == .cancelled)
            #expect(try await engine.read { try $0.value("SELECT COUNT(*) FROM mark") } == 0)
        }
    }

    @Test(arguments: Engine.tested) func `a cancelled task leaves the queue`(_ kind: Engine) async throws {
        try await withEngine(kind, connections: 1) { engine in
            let endless = await startEndless(on: engine)
            let waiting = Task { await failureKind { try await engine.read { try $0.rows("SELECT 1") } } }
            waiting.cancel()
            #expect(await waiting.value == .cancelled)
            endless.cancel()
            #expect(await endless.value == .cancelled)
        }
    }

    @Test func `a statement ends at its timeout`() async throws {
        guard Engine.tested.contains(.postgres) else { return }
        try await withEngine(.postgres, options: "%20-cstatement_timeout%3D50") { engine in
            let failure = await failureKind { try await engine.read { try $0.rows("SELECT pg_sleep(600)") } }
            #expect(failure == .timedOut)
            let answer: Int? = try await engine.read { try $0.value("SELECT 1 + 1") }
            #expect(answer == 2)
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct ConnectionThreadsTests {
    private func threads(limit: Int, queueTimeout: Duration) -> ConnectionThreads<Int> {
        ConnectionThreads(
            limit: limit, queueTimeout: queueTimeout, timeoutKind: .unavailable,
            connect: { 7 }, disconnect: { _ in })
    }

    @Test func `a job past its deadline fails and the queue goes on`() async throws {
        let threads = threads(limit: 1, queueTimeout: .milliseconds(30))
        let gate = Gate()
        let (isRunning, sayRunning) = AsyncStream<Void>.makeStream()
        async let first = threads.run { connection, _ in
            sayRunning.finish()
            gate.wait()
            return connection
        }
        for await _ in isRunning {}
        async let second = failureKind { try await threads.run { connection, _ in connection } }
        async let third = failureKind { try await threads.run { connection, _ in connection } }
        #expect(await second == .unavailable)
        #expect(await third == .unavailable)
        gate.open()
        #expect(try await first == 7)
        #expect(try await threads.run { connection, _ in connection } == 7)
        await threads.close()
    }

    /// The threads and the job that came while one of them did not start.
    private final class Late: Sendable {
        let threads = Mutex<ConnectionThreads<Int>?>(nil)
        let job = Mutex<Task<Int, any Error>?>(nil)
    }

    @Test func `a thread that can not start leaves no job waiting`() async throws {
        let late = Late()
        let threads = ConnectionThreads<Int>(
            limit: 1, queueTimeout: .seconds(600), timeoutKind: .unavailable, connect: { 7 }, disconnect: { _ in },
            startThread: { body throws(SQLFailure) in
                guard late.job.withLock({ $0 == nil }), let threads = late.threads.withLock({ $0 }) else {
                    return try DatabaseThread.start(body)
                }
                // Immediate: it is in the queue when this returns.
                let job = Task.immediate { try await threads.run { connection, _ in connection } }
                late.job.withLock { $0 = job }
                throw SQLFailure(.unavailable, "the system has no thread left")
            })
        late.threads.withLock { $0 = threads }
        let first = await failureKind { try await threads.run { connection, _ in connection } }
        #expect(first == .unavailable)
        #expect(try await late.job.withLock { $0 }?.value == 7)
        await threads.close()
        late.threads.withLock { $0 = nil }
    }

    @Test func `the queue is FIFO, and closing waits for it`() async throws {
        let threads = threads(limit: 1, queueTimeout: .seconds(60))
        let gate = Gate()
        let (order, write) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (isRunning, sayRunning) = AsyncStream<Void>.makeStream()
            group.addTask {
                try await threads.run { _, _ in
                    sayRunning.finish()
                    gate.wait()
                }
            }
            for await _ in isRunning {}
            for number in 1...20 {
                // Immediate: it is in the queue when the call returns.
                group.addImmediateTask { try await threads.run { _, _ in _ = write.yield(number) } }
            }
            gate.open()
            try await group.waitForAll()
        }
        await threads.close()
        write.finish()
        #expect(await order.reduce(into: []) { $0.append($1) } == Array(1...20))
        #expect(await failureKind { try await threads.run { connection, _ in connection } } == .unavailable)
    }
}
