import Storage
import Testing

@Suite(.timeLimit(.minutes(2))) struct DialectTests {
    private static let table: @Sendable (any SQLExecutor) throws -> Void = { db in
        try db.execute(
            """
            CREATE TABLE person (
                id BIGINT PRIMARY KEY, team TEXT NOT NULL, name TEXT \(db.dialect.textCollation), age BIGINT)
            """)
        try db.execute("CREATE INDEX person_team ON person (team, name)")
    }

    @Test(arguments: Engine.tested) func `contains finds text whatever its case`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            let names = ["Ada Lovelace", "100% sure", "under_score", #"back\slash"#, "Ärger", "x"]
            try await engine.write { db in
                try Self.table(db)
                for (id, name) in names.enumerated() {
                    try db.execute("INSERT INTO person (id, team, name) VALUES (\(id), 't', \(name))")
                }
            }
            func found(_ text: String) async throws -> [String] {
                try await engine.read { db in
                    try db.rows("SELECT name FROM person WHERE \(db.dialect.contains("name", text)) ORDER BY id")
                        .map { try $0["name"] }
                }
            }
            #expect(try await found("LOVE") == ["Ada Lovelace"])
            #expect(try await found("0% S") == ["100% sure"])
            #expect(try await found("%") == ["100% sure"])
            #expect(try await found("_") == ["under_score"])
            #expect(try await found(#"K\S"#) == [#"back\slash"#])
            #expect(try await found("ÄRG") == ["Ärger"])
            #expect(try await found("ärg") == [], "only ASCII is folded, on both engines")
            #expect(try await found("") == names)
        }
    }

    @Test(arguments: Engine.tested) func `text is ordered by its bytes`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            let names = ["b", "B", "a", "Z", "_", "é", "-a", "a b", "ab"]
            let ordered = try await engine.write { db in
                try Self.table(db)
                for (id, name) in names.enumerated() {
                    try db.execute("INSERT INTO person (id, team, name) VALUES (\(id), 't', \(name))")
                }
                return try db.rows("SELECT name FROM person ORDER BY name").map { try $0["name"] as String }
            }
            #expect(ordered == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
    }

    @Test(arguments: Engine.tested) func `a row that another transaction locks is waited for`(
        _ kind: Engine
    ) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { db in
                try Self.table(db)
                try db.execute("INSERT INTO person (id, team, age) VALUES (1, 't', 0)")
            }
            // Read, then written: without the lock two of them would read the same.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await engine.write { db in
                            let age: Int? = try db.value("SELECT age FROM person WHERE id = 1 \(db.dialect.forUpdate)")
                            try db.execute("UPDATE person SET age = \((age ?? 0) + 1) WHERE id = 1")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await engine.read { try $0.value("SELECT age FROM person") } == 20)
        }
    }

    @Test(arguments: Engine.tested) func `full scans are found and index walks are not`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write(Self.table)
            func scans(_ sql: SQLText) async throws -> [String] {
                try await engine.read { try QueryPlan.fullScans(of: sql, in: $0) }
            }
            #expect(try await scans("SELECT * FROM person WHERE age = \(5)") == ["person"])
            #expect(try await scans("SELECT * FROM person AS p WHERE p.age = \(5) LIMIT 1") == ["p"])
            #expect(try await scans("SELECT * FROM person WHERE team = \("t") AND name > \("a") ORDER BY name") == [])
            #expect(try await scans("SELECT * FROM person WHERE id IN (\(list: [1, 2]))") == [])
            #expect(try await scans("SELECT * FROM person ORDER BY team, name LIMIT \(10)") == [])
            #expect(try await scans("UPDATE person SET age = 1 WHERE age = \(2)") == ["person"])
            #expect(
                try await scans("SELECT a.id FROM person a JOIN person b ON b.age = a.age WHERE a.id = \(1)") == ["b"])
        }
    }
}
