import Foundation
import Storage
import StorageSQLite
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite(.timeLimit(.minutes(2))) struct SQLiteFaultTests {
    private func withFile(_ body: (_ path: String, SQLiteEngine) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/letta.sqlite"
            try await closing(SQLiteEngine(path: path, logger: quiet)) { engine in
                try await engine.write { try $0.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)") }
                try await body(path, engine)
            }
        }
    }

    @Test func `a full disk fails the write and leaves what was there`() async throws {
        try await withFile { _, engine in
            try await engine.write { db in
                try db.execute("INSERT INTO note VALUES (1, 'kept')")
                _ = try db.rows("PRAGMA max_page_count = 10")
            }
            let body = String(repeating: "x", count: 100_000)
            let failure = await failureKind {
                try await engine.write { try $0.execute("INSERT INTO note VALUES (2, \(body))") }
            }
            #expect(failure == .unavailable)
            #expect(try await engine.read { try $0.value("SELECT COUNT(*) FROM note") } == 1)
            _ = try await engine.write { try $0.rows("PRAGMA max_page_count = 1000000") }
            try await engine.write { try $0.execute("INSERT INTO note VALUES (2, \(body))") }
            #expect(try await engine.read { try $0.value("SELECT COUNT(*) FROM note") } == 2)
        }
    }

    @Test func `a place that can not be written to is said at the start`() async throws {
        #expect(throws: SQLFailure.self) { try SQLiteEngine(path: "/nowhere/at/all/letta.sqlite", logger: quiet) }
        let failure = #expect(throws: SQLFailure.self) {
            try SQLiteEngine(path: "/proc/letta.sqlite", logger: quiet)
        }
        #expect(failure?.kind == .unavailable)
    }

    @Test(.enabled(if: geteuid() != 0, "nothing is read-only for root"))
    func `a read-only file is unavailable`() async throws {
        try await withFile { path, engine in
            await engine.close()
            chmod(path, 0o400)
            let failure = await failureKind {
                let engine = try SQLiteEngine(path: path, logger: quiet)
                try await engine.write { try $0.execute("DELETE FROM note") }
            }
            #expect(failure == .unavailable)
        }
    }

    @Test func `a read-only connection is unavailable for writes`() async throws {
        try await withFile { _, engine in
            _ = try await engine.write { try $0.rows("PRAGMA query_only = 1") }
            #expect(await failureKind { try await engine.write { try $0.execute("DELETE FROM note") } } == .unavailable)
        }
    }

    @Test func `a file that is no database is unavailable`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/letta.sqlite"
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
            let failure = #expect(throws: SQLFailure.self) { try SQLiteEngine(path: path, logger: quiet) }
            #expect(failure?.kind == .unavailable)
        }
    }

    @Test func `nobody else may read the files, nor copies of them`() async throws {
        try await withFile { path, engine in
            try await engine.backup(to: path + ".copy")
            for file in [path, path + "-wal", path + ".copy"] {
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(file)")
            }
            await engine.close()
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
            chmod(path, 0o644)
            await (try SQLiteEngine(path: path, logger: quiet)).close()
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `settings are those of a server`() async throws {
        try await withFile { _, engine in
            try await engine.write { db throws in
                #expect(try db.value("PRAGMA journal_mode") == "wal")
                #expect(try db.value("PRAGMA synchronous") == 2, "COMMIT returns after the fsync")
                #expect(try db.value("PRAGMA wal_autocheckpoint") == 4_000)
                #expect(try db.value("PRAGMA foreign_keys") == 1)
                #expect(try db.value("PRAGMA busy_timeout") == 10_000)
                #expect(try db.value("PRAGMA secure_delete") == 0)
                #expect(try db.value("PRAGMA cache_size") == -8_000)
            }
            try await engine.read { db throws in
                #expect(try db.value("PRAGMA cache_size") == -2_000)
            }
        }
    }

    @Test func `a schema change reaches statements that are prepared already`() async throws {
        try await withFile { _, engine in
            try await engine.write { try $0.execute("INSERT INTO note VALUES (1, 'one')") }
            _ = try await engine.read { try $0.rows("SELECT * FROM note") }
            try await engine.write { try $0.execute("ALTER TABLE note ADD COLUMN tag TEXT DEFAULT 'new'") }
            let tag = try await engine.read { try $0.row("SELECT * FROM note").map { try $0["tag"] as String } }
            #expect(tag == "new")
        }
    }

    @Test func `more statements than are kept still run`() async throws {
        try await withFile { _, engine in
            for count in [1...600, 1...3] {
                for number in count {
                    let sum = try await engine.read { db -> Int? in
                        try db.value("SELECT \(SQLText(stringLiteral: String(number))) + \(1)")
                    }
                    #expect(sum == number + 1)
                }
            }
        }
    }

    @Test func `a copy taken while writers write is whole`() async throws {
        try await withFile { path, engine in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for number in 0..<50 {
                            let id = (writer * 1000 + number) * 2 + 1
                            try await engine.write { db in
                                try db.execute("INSERT INTO note VALUES (\(id), 'left')")
                                try db.execute("INSERT INTO note VALUES (\(id + 1), 'right')")
                            }
                        }
                    }
                }
                for copy in 0..<3 {
                    group.addTask { try await engine.backup(to: "\(path).copy\(copy)") }
                }
                try await group.waitForAll()
            }
            for copy in 0..<3 {
                try await closing(SQLiteEngine(path: "\(path).copy\(copy)", logger: quiet)) { engine in
                    try await engine.read { db in
                        #expect(try db.value("PRAGMA integrity_check") == "ok")
                        let left: Int? = try db.value("SELECT COUNT(*) FROM note WHERE body = 'left'")
                        let right: Int? = try db.value("SELECT COUNT(*) FROM note WHERE body = 'right'")
                        #expect(left == right)
                    }
                }
            }
            await #expect(throws: SQLFailure.self) { try await engine.backup(to: "\(path).copy0") }
            await #expect(throws: SQLFailure.self) { try await engine.backup(to: "/nowhere/at/all") }
            let folder = URL(filePath: path).deletingLastPathComponent().path
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(!files.contains { $0.contains("partial") })
        }
    }
}
