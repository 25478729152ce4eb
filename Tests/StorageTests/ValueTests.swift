import Storage
import StorageSQLite
import Testing

@Suite(.timeLimit(.minutes(2))) struct ValueTests {
    private static let table: @Sendable (Dialect) -> SQLText = { dialect in
        """
        CREATE TABLE thing (
            id BIGINT PRIMARY KEY, i BIGINT, d DOUBLE PRECISION, t TEXT,
            b \(dialect == .sqlite ? "BLOB" as SQLText : "BYTEA"), f BOOLEAN)
        """
    }

    static let texts: [String] = [
        "", " ", "plain", "O'Brien", "\"quoted\"", "back\\slash", "$1 ?1 :a @b", "a;DROP TABLE thing;--", "%_",
        "\u{FEFF}bom", "tab\tnewline\r\n", "日本語 🧑‍🚀 é e\u{301}", String(repeating: "long ", count: 50_000),
    ]

    static let values: [[SQLValue]] =
        [
            [.integer(0), .integer(.min), .integer(.max), .integer(-1)],
            [
                .real(0.1), .real(-0.0), .real(1e308), .real(.leastNonzeroMagnitude), .real(.infinity), .real(1.0 / 3),
                .real(.greatestFiniteMagnitude), .real(123_456_789.123456789),
            ],
            texts.map { SQLValue.text($0) },
            [.blob([]), .blob([0]), .blob(Array(0...255)), .blob(Array(repeating: 0x5c, count: 100_000))],
            [.boolean(true), .boolean(false)],
        ]

    @Test(arguments: Engine.tested) func `every value comes back as it went in`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { db in
                try db.execute(Self.table(db.dialect))
                var id = 0
                let columns: [SQLText] = ["i", "d", "t", "b", "f"]
                for (column, values) in zip(columns, Self.values) {
                    for value in values + [.null] {
                        id += 1
                        try db.execute("INSERT INTO thing (id, \(column)) VALUES (\(id), \(value))")
                        let row = try #require(try db.row("SELECT \(column) AS v FROM thing WHERE id = \(id)"))
                        switch value {
                        case .integer(let number): #expect(try row["v"] as Int64 == number)
                        // Not by its bits: SQLite keeps no sign for zero.
                        case .real(let number): #expect(try row["v"] as Double == number)
                        case .text(let text): #expect(try (row["v"] as String).utf8.elementsEqual(text.utf8))
                        case .blob(let bytes): #expect(try row["v"] as [UInt8] == bytes)
                        case .boolean(let flag): #expect(try row["v"] as Bool == flag)
                        case .null:
                            #expect(try row["v"] as String? == nil)
                            #expect(try row["v"] as Int? == nil)
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: Engine.tested) func `hostile text in conditions stays text`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { try $0.execute(Self.table($0.dialect)) }
            for text in Self.texts {
                let found = try await engine.write { db in
                    try db.execute("DELETE FROM thing")
                    try db.execute("INSERT INTO thing (id, t) VALUES (1, \(text)), (2, \(text + "x"))")
                    return try db.rows("SELECT id FROM thing WHERE t = \(text)").map { try $0["id"] as Int }
                }
                #expect(found == [1], "\(text.prefix(30))")
            }
        }
    }

    @Test(arguments: Engine.tested) func `text with NUL is refused`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { try $0.execute(Self.table($0.dialect)) }
            let failure = await failureKind {
                try await engine.write { try $0.execute("INSERT INTO thing (id, t) VALUES (1, \("a\0b"))") }
            }
            #expect(failure == .decoding)
            #expect(try await engine.read { try $0.value("SELECT COUNT(*) FROM thing") } == 0)
        }
    }

    @Test(arguments: Engine.tested) func `lists match their members and nothing else`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { db in
                try db.execute(Self.table(db.dialect))
                for id in 1...500 { try db.execute("INSERT INTO thing (id, t) VALUES (\(id), \("t\(id)"))") }
            }
            func count(_ names: [String]) async throws -> Int? {
                try await engine.read { try $0.value("SELECT COUNT(*) FROM thing WHERE t IN (\(list: names))") }
            }
            #expect(try await count([]) == 0)
            #expect(try await count(["t7", "t7", "t500", "nobody"]) == 2)
            #expect(try await count((1...400).map { "t\($0)" }) == 400)
        }
    }

    @Test(arguments: Engine.tested) func `more than nine values keep their places`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            let expected = (1...12).map { "value \($0)" }
            let columns = SQLText.joined(
                expected.map { "CAST(\($0) AS TEXT)" }, separator: " || ',' || ")
            let joined: String? = try await engine.read { try $0.value("SELECT \(columns)") }
            #expect(joined == expected.joined(separator: ","))
        }
    }

    @Test(arguments: Engine.tested) func `a column of another type or name is an error`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { db in
                try db.execute(Self.table(db.dialect))
                try db.execute("INSERT INTO thing (id, t) VALUES (1, 'one')")
            }
            try await engine.read { db in
                let row = try #require(try db.row("SELECT id, t, b, t AS twice, d AS twice FROM thing"))
                #expect(throws: SQLFailure.self) { try row["t"] as Int }
                #expect(throws: SQLFailure.self) { try row["id"] as String }
                #expect(throws: SQLFailure.self) { try row["b"] as [UInt8] }
                #expect(throws: SQLFailure.self) { try row["nope"] as String? }
                #expect(throws: SQLFailure.self) { try row["twice"] as String? }
                #expect(try row["t"] as [UInt8] == Array("one".utf8))
                #expect(try row["id"] as Double == 1)
                #expect(try db.value("SELECT b FROM thing") as [UInt8]? == nil)
                #expect(try db.value("SELECT t FROM thing WHERE id = 2") as String? == nil)
            }
        }
    }

    @Test(arguments: Engine.tested) func `execute counts the rows it changed`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { db in
                #expect(try db.execute("CREATE TABLE parent (id BIGINT PRIMARY KEY)") == 0)
                try db.execute("CREATE TABLE child (id BIGINT REFERENCES parent (id) ON DELETE CASCADE)")
                #expect(try db.execute("INSERT INTO parent VALUES (1), (2), (3)") == 3)
                #expect(try db.execute("INSERT INTO child VALUES (1), (1), (2)") == 3)
                #expect(try db.execute("UPDATE parent SET id = id WHERE id > \(1)") == 2)
                #expect(try db.execute("UPDATE parent SET id = id WHERE id > \(9)") == 0)
                #expect(try db.execute("DELETE FROM parent WHERE id = \(1)") == 1)
                #expect(try db.execute("SELECT id FROM parent") == 0)
                #expect(try db.execute("INSERT INTO parent VALUES (2) ON CONFLICT DO NOTHING") == 0)
                #expect(try db.rows("INSERT INTO parent VALUES (4) RETURNING id").map { try $0["id"] as Int } == [4])
                #expect(try db.value("SELECT COUNT(*) FROM child") == 1)
            }
        }
    }

    @Test func `memory keeps one database for reads and writes`() async throws {
        try await closing(SQLiteEngine.inMemory()) { engine in
            try await engine.write { db in
                try db.execute(Self.table(db.dialect))
                try db.execute("INSERT INTO thing (id, t) VALUES (1, 'one')")
            }
            #expect(try await engine.read { try $0.value("SELECT t FROM thing") } == "one")
            #expect(await failureKind { try await engine.read { try $0.execute("DELETE FROM thing") } } == .unavailable)
            #expect(try await engine.write { try $0.execute("DELETE FROM thing") } == 1)
        }
    }
}
