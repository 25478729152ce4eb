import Storage
import StorageSQLite
import TestSupport
import Testing

/// A write of SQLite that has returned is on the disk.
@Suite(.timeLimit(.minutes(5))) struct DurabilityTests {
    /// Passes `body` an engine on a file system that can fail, with an empty table `note`.
    private func withFaultyDisk(
        _ body: (SQLiteEngine, FaultyFileSystem, _ path: String) async throws -> Void
    ) async throws {
        let files = FaultyFileSystem()
        try await withTemporaryFolder { folder in
            let path = "\(folder)/test.sqlite"
            let engine = try SQLiteEngine(path: path, readers: 1, vfs: files.name, logger: quiet)
            try await closing(engine) { engine async throws in
                try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
                files.clear()
                try await body(engine, files, path)
            }
        }
    }

    private func notes(_ engine: SQLiteEngine) async throws -> [Int] {
        try await engine.read { db in try db.rows("SELECT id FROM note ORDER BY id").map { try $0["id"] } }
    }

    private func insert(_ id: Int, _ engine: SQLiteEngine) async throws {
        _ = try await engine.write { try $0.execute("INSERT INTO note VALUES (\(id))") }
    }

    @Test func `a write returns after the fsync of all that it wrote`() async throws {
        try await withFaultyDisk { engine, files, _ async throws in
            for id in 1...3 {
                try await insert(id, engine)
                files.record("returned")
                let events = files.events
                let sync = try #require(events.lastIndex(of: .sync))
                #expect(events.contains(.write))
                #expect(events[sync...] == [.sync, .other("returned")], "\(events)")
                files.clear()
            }
        }
    }

    @Test func `until the fsync nobody sees the rows, and a cancelled writer is told that they are stored`()
        async throws
    {
        try await withFaultyDisk { engine, files, _ async throws in
            let held = files.holdNextSync()
            let write = Task { try await insert(1, engine) }
            await held.started()
            #expect(try await notes(engine) == [])
            write.cancel()
            held.release()
            try await write.value
            #expect(try await notes(engine) == [1])
        }
    }

    @Test func `a failed fsync fails the write, and the rows are not there`() async throws {
        try await withFaultyDisk { engine, files, path async throws in
            try await insert(1, engine)
            files.failSyncs()
            #expect(await failureKind { try await insert(2, engine) } == .outcomeUnknown)
            #expect(try await notes(engine) == [1])
            await engine.close()
            try await closing(SQLiteEngine(path: path, readers: 1, logger: quiet)) { engine async throws in
                #expect(try await notes(engine) == [1])
            }
        }
    }

    @Test func `after a failed fsync the next write is stored`() async throws {
        try await withFaultyDisk { engine, files, path async throws in
            files.failSyncs()
            #expect(await failureKind { try await insert(1, engine) } == .outcomeUnknown)
            try await insert(2, engine)
            await engine.close()
            try await closing(SQLiteEngine(path: path, readers: 1, logger: quiet)) { engine async throws in
                #expect(try await notes(engine) == [2])
            }
        }
    }

    /// Runs three inserts that have waited in the queue, and calls `body` when their group's fsync has begun.
    private func withGroup(
        _ engine: SQLiteEngine, _ files: FaultyFileSystem, _ body: () async throws -> Void
    ) async throws {
        let gate = Gate()
        let (isRunning, sayRunning) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await engine.write { _ in
                    sayRunning.finish()
                    gate.wait()
                }
            }
            for await _ in isRunning {}
            for id in 1...3 {
                // Immediate: each is in the queue when the call returns.
                group.addImmediateTask {
                    try await insert(id, engine)
                    files.record("returned")
                }
            }
            let held = files.holdNextSync()
            gate.open()
            await held.started()
            try await body()
            held.release()
            try await group.waitForAll()
        }
    }

    @Test func `a group waits for its one fsync`() async throws {
        try await withFaultyDisk { engine, files, _ async throws in
            try await withGroup(engine, files) { () async throws in
                #expect(!files.events.contains(.other("returned")))
                #expect(try await notes(engine) == [])
            }
            #expect(files.events.filter { $0 != .write } == [.sync] + Array(repeating: .other("returned"), count: 3))
            #expect(try await notes(engine) == [1, 2, 3])
        }
    }

    @Test func `a group whose fsync failed is written again, one by one`() async throws {
        try await withFaultyDisk { engine, files, _ async throws in
            try await withGroup(engine, files) { files.failSyncs() }
            #expect(files.events.count { $0 == .sync } == 3)
            #expect(try await notes(engine) == [1, 2, 3])
        }
    }

    @Test func `a long log is checkpointed`() async throws {
        try await withFaultyDisk { engine, files, path async throws in
            try await engine.write { try $0.execute("CREATE TABLE page (text TEXT)") }
            let text = String(repeating: "x", count: 400_000)
            for _ in 0..<100 { try await engine.write { try $0.execute("INSERT INTO page VALUES (\(text))") } }
            // 40 MB went through the log; it begins anew every 16 MB.
            #expect(try #require(try fileSize(path + "-wal")) < 20_000_000)
        }
    }
}
