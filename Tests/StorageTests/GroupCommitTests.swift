import Storage
import StorageSQLite
import Testing

/// Group commit: writes that wait in the queue share one transaction, and each still succeeds or fails alone.
@Suite(.timeLimit(.minutes(2))) struct GroupCommitTests {
    private struct Refused: Error {}

    private static let endless: SQLText =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO note SELECT i FROM n"

    /// Runs `body` with an engine whose writer is held by a write, and the gate that lets that one go on.
    private func withHeldWriter(
        _ body: (SQLiteEngine, Gate, inout ThrowingTaskGroup<Void, any Error>) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/test.sqlite"
            try await closing(SQLiteEngine(path: path, readers: 2, logger: quiet)) { engine async throws in
                try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let gate = Gate()
                    let (isRunning, sayRunning) = AsyncStream<Void>.makeStream()
                    group.addTask {
                        try await engine.write { _ in
                            sayRunning.finish()
                            gate.wait()
                        }
                    }
                    for await _ in isRunning {}
                    try await body(engine, gate, &group)
                    try await group.waitForAll()
                }
            }
        }
    }

    private func notes(_ engine: SQLiteEngine) async throws -> [Int] {
        try await engine.read { db in try db.rows("SELECT id FROM note ORDER BY id").map { try $0["id"] } }
    }

    @Test func `queued writes are committed together, and return after the commit`() async throws {
        try await withHeldWriter { engine, gate, group async throws in
            let second = Gate()
            let (isRunning, sayRunning) = AsyncStream<Void>.makeStream()
            let (told, tell) = AsyncStream<Int>.makeStream()
            // Immediate: each is in the queue when the call returns.
            group.addImmediateTask {
                _ = try await engine.write { try $0.execute("INSERT INTO note VALUES (1)") }
                tell.yield(1)
            }
            group.addImmediateTask {
                try await engine.write { db in
                    sayRunning.finish()
                    second.wait()
                    try db.execute("INSERT INTO note VALUES (2)")
                }
                tell.yield(2)
            }
            gate.open()
            for await _ in isRunning {}
            #expect(try await notes(engine) == [], "the first was stored before the second")
            second.open()
            #expect(await told.prefix(2).reduce(into: Set()) { $0.insert($1) } == [1, 2])
            #expect(try await notes(engine) == [1, 2])
        }
    }

    @Test func `one that fails is rolled back alone`() async throws {
        try await withHeldWriter { engine, gate, group async throws in
            for id in [1, 2] {
                group.addImmediateTask {
                    _ = try await engine.write { try $0.execute("INSERT INTO note VALUES (\(id))") }
                }
            }
            group.addImmediateTask {
                await #expect(throws: Refused.self) {
                    try await engine.write { db in
                        try db.execute("INSERT INTO note VALUES (3)")
                        throw Refused()
                    }
                }
            }
            group.addImmediateTask {
                let kind = await failureKind {
                    try await engine.write { db in
                        try db.execute("INSERT INTO note VALUES (4)")
                        try db.execute("INSERT INTO note VALUES (1)")
                    }
                }
                #expect(kind == .uniqueViolation("note.id"))
            }
            group.addImmediateTask { _ = try await engine.write { try $0.execute("INSERT INTO note VALUES (5)") } }
            gate.open()
            try await group.waitForAll()
            #expect(try await notes(engine) == [1, 2, 5])
        }
    }

    @Test(arguments: [false, true]) func `one that is cancelled midway rolls back nothing of the others`(
        _ isFirst: Bool
    ) async throws {
        try await withHeldWriter { engine, gate, group async throws in
            let (isRunning, sayRunning) = AsyncStream<Void>.makeStream()
            func write(_ id: Int) {
                group.addImmediateTask {
                    _ = try await engine.write { try $0.execute("INSERT INTO note VALUES (\(id))") }
                }
            }
            if !isFirst { write(-1) }
            let endless = Task.immediate {
                await failureKind {
                    try await engine.write { db in
                        sayRunning.finish()
                        try db.execute(Self.endless)
                    }
                }
            }
            if isFirst { write(-1) }
            write(-2)
            gate.open()
            for await _ in isRunning {}
            endless.cancel()
            #expect(await endless.value == .cancelled)
            try await group.waitForAll()
            #expect(try await notes(engine) == [-2, -1])
        }
    }

    @Test func `a full disk fails only the write that needs the space`() async throws {
        try await withHeldWriter { engine, gate, group async throws in
            group.addImmediateTask {
                try await engine.write { db in
                    _ = try db.rows("PRAGMA max_page_count = 10")
                    try db.execute("INSERT INTO note VALUES (1)")
                }
            }
            group.addImmediateTask {
                let text = String(repeating: "x", count: 100_000)
                let kind = await failureKind {
                    try await engine.write { try $0.execute("CREATE TABLE large AS SELECT \(text) AS text") }
                }
                #expect(kind == .unavailable)
            }
            group.addImmediateTask { _ = try await engine.write { try $0.execute("INSERT INTO note VALUES (2)") } }
            gate.open()
            try await group.waitForAll()
            #expect(try await notes(engine) == [1, 2])
        }
    }

    @Test func `closing waits for the queue`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/test.sqlite"
            try await closing(SQLiteEngine(path: path, logger: quiet)) { engine async throws in
                try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for id in 1...200 {
                        group.addImmediateTask {
                            _ = try await engine.write { try $0.execute("INSERT INTO note VALUES (\(id))") }
                        }
                    }
                    await engine.close()
                    try await group.waitForAll()
                }
            }
            try await closing(SQLiteEngine(path: path, logger: quiet)) { engine async throws in
                #expect(try await notes(engine).count == 200)
            }
        }
    }
}
