import Foundation
import Glibc
import Storage
import Testing

@testable import StorageSQLite

/// A transaction whose result is given back before it is synced to the disk.
@Suite(.timeLimit(.minutes(2))) struct EarlyCommitTests {
    @Test(arguments: Engine.tested)
    func `others see what was committed at once, and it can be waited for`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine async throws in
            try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
            let committed = try await engine.commit(quietly: false) { try $0.execute("INSERT INTO note VALUES (7)") }
            #expect(committed.value == 1)
            let seen: Int? = try await engine.read { try $0.value("SELECT id FROM note") }
            #expect(seen == 7)
            try await committed.settle()
            try await committed.settle()
        }
    }

    @Test(arguments: Engine.tested)
    func `one that fails leaves nothing`(_ kind: Engine) async throws {
        struct Refused: Error {}
        try await withEngine(kind) { engine async throws in
            try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
            await #expect(throws: Refused.self) {
                _ = try await engine.commit(quietly: false) { db in
                    try db.execute("INSERT INTO note VALUES (7)")
                    throw Refused()
                }
            }
            let count: Int? = try await engine.read { try $0.value("SELECT COUNT(*) FROM note") }
            #expect(count == 0)
            try await engine.write { try $0.execute("INSERT INTO note VALUES (8)") }
        }
    }

    @Test(arguments: Engine.tested)
    func `many at once are all stored and all settled`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine async throws in
            try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 0..<200 {
                    group.addTask {
                        if id % 2 == 0 {
                            _ = try await engine.write { try $0.execute("INSERT INTO note VALUES (\(id))") }
                        } else {
                            try await engine.commit(quietly: false) {
                                try $0.execute("INSERT INTO note VALUES (\(id))")
                            }.settle()
                        }
                    }
                }
                try await group.waitForAll()
            }
            let count: Int? = try await engine.read { try $0.value("SELECT COUNT(*) FROM note") }
            #expect(count == 200)
        }
    }

    @Test(arguments: [false, true])
    func `what can't be synced is not acknowledged, and nothing is written after it`(isEarly: Bool) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/test.sqlite"
            let engine = try SQLiteEngine(path: path, readers: 1, logger: quiet)
            try await closing(engine) { engine async throws in
                try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
                let log = try #require(descriptor(of: path + "-wal"))
                let kept = dup(log)
                // Takes every byte, and can't be synced.
                let nothing = open("/dev/null", O_RDWR)
                #expect(dup2(nothing, log) == log)
                await #expect(throws: SQLFailure.self) {
                    if isEarly {
                        try await engine.commit(quietly: false) { try $0.execute("INSERT INTO note VALUES (1)") }
                            .settle()
                    } else {
                        try await engine.write { try $0.execute("INSERT INTO note VALUES (1)") }
                    }
                }
                #expect(dup2(kept, log) == log)
                for file in [kept, nothing] { close(file) }
                await #expect(throws: SQLFailure.self) {
                    try await engine.write { try $0.execute("INSERT INTO note VALUES (2)") }
                }
            }
        }
    }

    @Test(arguments: Engine.tested)
    func `a cancelled task commits all the same`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine async throws in
            try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await engine.commit(quietly: false) { try $0.execute("INSERT INTO note VALUES (7)") }.settle()
            }
            try await task.value
            let count: Int? = try await engine.read { try $0.value("SELECT COUNT(*) FROM note") }
            #expect(count == 1)
        }
    }

    @Test func `a long log is brought into the database`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/test.sqlite"
            let engine = try SQLiteEngine(path: path, readers: 1, logger: quiet)
            try await closing(engine) { engine async throws in
                try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY, text TEXT)") }
                let text = String(repeating: "x", count: 400_000)
                for id in 0..<100 {
                    try await engine.write { try $0.execute("INSERT INTO note VALUES (\(id), \(text))") }
                }
                // 40 MB went through it.
                let log = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
                #expect(try #require(log) < 20_000_000)
                let count: Int? = try await engine.read { try $0.value("SELECT COUNT(*) FROM note") }
                #expect(count == 100)
            }
        }
    }

    @Test func `after a failed sync nothing is written any more`() throws {
        let folder = NSTemporaryDirectory() + "letta-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/test.sqlite"
        let connection = SQLiteConnection(.file(path, readOnly: false))
        defer { connection.close() }
        let interruption = Interruption()
        try connection.transaction(readOnly: false, interruption) { db in
            _ = try db.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)")
        }
        try connection.transaction(readOnly: false, interruption) { db in
            _ = try db.execute("INSERT INTO note VALUES (1)")
        }
        // A pipe in the place of the log can't be synced.
        let log = try #require(descriptor(of: path + "-wal"))
        let kept = dup(log)
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        #expect(dup2(ends[1], log) == log)
        #expect(throws: SQLFailure.self) { try connection.sync() }
        #expect(dup2(kept, log) == log)
        for end in ends + [kept] { close(end) }
        #expect(throws: SQLFailure.self) {
            try connection.transaction(readOnly: false, interruption) { db in
                _ = try db.execute("INSERT INTO note VALUES (2)")
            }
        }
        #expect(throws: SQLFailure.self, "not even nothing") {
            try connection.transaction(readOnly: false, interruption) { _ in }
        }
        #expect(throws: SQLFailure.self) { try connection.together {} }
    }

    private func descriptor(of path: String) -> Int32? {
        let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        return open?.compactMap(Int32.init).first { number in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")) == path
        }
    }
}
