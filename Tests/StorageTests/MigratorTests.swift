import Foundation
import Storage
import StoragePostgres
import StorageSQLite
import Testing

@Suite(.timeLimit(.minutes(2))) struct MigratorTests {
    private static let first = Migration(number: 1, name: "people") { dialect in
        [
            "CREATE TABLE person (id TEXT PRIMARY KEY, name TEXT \(dialect.textCollation))",
            "INSERT INTO person (id, name) VALUES ('a', 'Ada')",
        ]
    }
    private static let second = Migration(number: 2, name: "ages") { _ in
        ["ALTER TABLE person ADD COLUMN age BIGINT NOT NULL DEFAULT 0", "UPDATE person SET age = 36"]
    }
    private static let broken = Migration(number: 2, name: "broken") { _ in
        ["CREATE TABLE half (id TEXT)", "UPDATE person SET name = 'nobody'", "INSERT INTO nowhere VALUES (1)"]
    }
    private static let clock: @Sendable () -> Int64 = { 1_700_000_000_123_456 }

    @Test(arguments: Engine.tested) func `migrations run in order and once`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            let old = Migrator([Self.first], now: Self.clock)
            #expect(try await old.status(of: engine) == MigrationStatus(current: 0, latest: 1, pending: ["people"]))
            #expect(try await old.up(engine, keepingCopyIn: nil) == ["people"])
            #expect(try await old.up(engine, keepingCopyIn: nil) == [])

            let new = Migrator([Self.first, Self.second], now: Self.clock)
            #expect(try await new.status(of: engine) == MigrationStatus(current: 1, latest: 2, pending: ["ages"]))
            #expect(try await new.up(engine, keepingCopyIn: nil) == ["ages"])
            #expect(try await new.status(of: engine) == MigrationStatus(current: 2, latest: 2, pending: []))
            try await engine.read { db in
                #expect(try db.value("SELECT age FROM person WHERE id = 'a'") == 36)
                let rows = try db.rows("SELECT number, name, applied_at FROM schema_migration ORDER BY number")
                #expect(try rows.map { try $0["name"] as String } == ["people", "ages"])
                #expect(try rows.map { try $0["applied_at"] as Int64 } == [Self.clock(), Self.clock()])
            }
        }
    }

    @Test(arguments: Engine.tested) func `a migration that fails leaves nothing`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            let failure = await failureKind {
                try await Migrator([Self.first, Self.broken]).up(engine, keepingCopyIn: nil)
            }
            #expect(failure == .other)
            let status = try await Migrator([Self.first, Self.second]).status(of: engine)
            #expect(status == MigrationStatus(current: 1, latest: 2, pending: ["ages"]))
            #expect(try await engine.read { try $0.value("SELECT name FROM person") } == "Ada")
            #expect(await failureKind { try await engine.read { try $0.rows("SELECT id FROM half") } } == .other)
        }
    }

    @Test(arguments: Engine.tested) func `a newer database is refused in plain words`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            _ = try await Migrator([Self.first, Self.second]).up(engine, keepingCopyIn: nil)
            let old = Migrator([Self.first])
            #expect(try await old.status(of: engine) == MigrationStatus(current: 2, latest: 1, pending: []))
            let failure = await #expect(throws: SQLFailure.self) { try await old.up(engine, keepingCopyIn: nil) }
            #expect(failure?.kind == .newerSchema)
            #expect(failure?.message.contains("The database has version 2") == true)
        }
    }

    @Test(arguments: [[2], [1, 1], [1, 3], [2, 1]]) func `gaps and duplicates are refused`(
        numbers: [Int]
    ) async throws {
        try await withEngine(.sqlite) { engine in
            let migrator = Migrator(numbers.map { Migration(number: $0, name: "m\($0)") { _ in [] } })
            #expect(await failureKind { try await migrator.up(engine, keepingCopyIn: nil) } == .other)
            #expect(await failureKind { try await migrator.status(of: engine) } == .other)
        }
    }

    @Test func `a copy is kept before an upgrade, the newest five of them`() async throws {
        try await withTemporaryFolder { folder in
            let copies = "\(folder)/backups"
            for hour in 0..<7 {
                let now: @Sendable () -> Int64 = { Self.clock() + Int64(hour) * 3_600_000_000 }
                let path = "\(folder)/\(hour).sqlite"
                try await closing(SQLiteEngine(path: path, logger: quiet)) { engine in
                    _ = try await Migrator([Self.first], now: now).up(engine, keepingCopyIn: copies)
                    let upgraded = Migrator([Self.first, Self.second], now: now)
                    #expect(try await upgraded.up(engine, keepingCopyIn: copies) == ["ages"])
                }
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: copies).sorted()
            #expect(names.count == 5, "none for a new database: \(names)")
            #expect(names.first == "letta-before-2-20231115T001320.123Z.sqlite")
            let copy = try #require(names.last)
            try await closing(SQLiteEngine(path: "\(copies)/\(copy)", logger: quiet)) { engine in
                let status = try await Migrator([Self.first, Self.second]).status(of: engine)
                #expect(status.current == 1)
                #expect(try await engine.read { try $0.value("SELECT name FROM person") } == "Ada")
            }
        }
    }

    @Test func `two processes that migrate at once apply each migration once`() async throws {
        guard Engine.tested.contains(.postgres) else { return }
        try await withSchema { uri in
            let migrator = Migrator([Self.first, Self.second])
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await closing(await PostgresEngine(uri: uri, connections: 1, logger: quiet)) { engine in
                            try await migrator.up(engine, keepingCopyIn: nil)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == ["ages", "people"])
            try await closing(await PostgresEngine(uri: uri, connections: 1, logger: quiet)) { engine throws in
                #expect(try await engine.read { try $0.value("SELECT COUNT(*) FROM person") } == 1)
                #expect(try await migrator.status(of: engine).current == 2)
            }
        }
    }
}
