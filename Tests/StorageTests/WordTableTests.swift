import Storage
import Testing

/// Texts are found by their words, alike on both engines.
@Suite(.timeLimit(.minutes(2))) struct WordTableTests {
    private static let texts: [(key: String, words: [String])] = [
        ("a", ["box-1", "cats", "like", "fish"]), ("b", ["box-1", "dogs", "like", "bones", "and", "cats"]),
        ("c", ["box-2", "cat"]), ("d", ["box-1", "ärger", "naïve", "猫", "12"]),
    ]

    private func withTexts(
        _ kind: Engine, _ body: (any StorageEngine, ([String]) async throws -> [String]) async throws -> Void
    ) async throws {
        try await withEngine(kind) { engine in
            try await engine.write { db in
                for statement in db.dialect.makeWordTable("found", key: "name") { try db.execute(statement) }
                for (key, words) in Self.texts {
                    try db.execute("INSERT INTO found (name, words) VALUES (\(key), \(db.dialect.words(words)))")
                }
            }
            try await body(engine) { words in
                try await engine.read { db in
                    let condition = db.dialect.hasWords(in: "found", words.map { [$0] })
                    return try db.rows("SELECT name FROM found WHERE \(condition) ORDER BY name").map {
                        try $0["name"]
                    }
                }
            }
        }
    }

    @Test(arguments: Engine.tested) func `an index of words has them as they are`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            let texts = ["a": ["box-1", "cats", "हिन्दी", "我喜"], "b": ["box-1", "dogs"], "c": ["box-2", "cats", "ça"]]
            try await engine.write { db in
                for statement in db.dialect.makeWordIndex("found", key: "name") { try db.execute(statement) }
                for (key, words) in texts {
                    try db.execute("INSERT INTO found (name, words) VALUES (\(key), \(db.dialect.words(words)))")
                }
            }
            for (groups, names) in [
                ([["cats"]], ["a", "c"]), ([["box-1"], ["cats", "dogs"]], ["a", "b"]), ([["box"]], []),
                ([["हिन्दी"]], ["a"]), ([["我"]], []), ([["我喜"], ["box-1", "box-2"]], ["a"]), ([["ca"]], []),
                ([["ça"]], ["c"]),
                ([["CATS"]], engine.dialect == .sqlite ? ["a", "c"] : []),
            ] {
                let found: [String] = try await engine.read { db in
                    try db.rows(
                        "SELECT name FROM found WHERE \(db.dialect.hasWords(in: "found", groups)) ORDER BY name"
                    ).map { try $0["name"] }
                }
                #expect(found == names, "\(groups)")
            }
            let deleted = try await engine.write { db in
                try db.execute("DELETE FROM found WHERE \(db.dialect.hasWords(in: "found", [["box-1"]]))")
            }
            #expect(deleted == 2)
        }
    }

    @Test(arguments: Engine.tested) func `all words have to be there as they are`(_ kind: Engine) async throws {
        try await withTexts(kind) { _, found async throws in
            #expect(try await found(["cats"]) == ["a", "b"])
            #expect(try await found(["box-1", "like"]) == ["a", "b"])
            #expect(try await found(["box-1", "like", "dogs"]) == ["b"])
            #expect(try await found(["cat"]) == ["c"])
            #expect(try await found(["box"]) == [], "a word with a dash is one word")
            #expect(try await found(["box-1", "ärger"]) == ["d"])
            #expect(try await found(["naive"]) == [], "marks on letters count")
            #expect(try await found(["猫"]) == ["d"])
            #expect(try await found(["12"]) == ["d"])
        }
    }

    @Test(arguments: Engine.tested) func `no word is syntax`(_ kind: Engine) async throws {
        try await withTexts(kind) { _, found async throws in
            for word in [
                "\"", "'", "a\"b", "x'y", "\\", "and", "OR", "NOT", "NEAR", "*", ":*", "words:cats", "cats*", "(", "!",
                "|", "&", "<->", "^", "--", ";", "'; DROP TABLE found; --", "{", "$1",
            ] {
                #expect(try await found(["box-2", word]) == [], "\(word)")
                _ = try await found([word])
            }
            #expect(try await found(["and"]) == ["b"])
            #expect(try await found(["cats"]) == ["a", "b"], "it is all still there")
        }
    }

    @Test(arguments: Engine.tested) func `a row is deleted by its words`(_ kind: Engine) async throws {
        try await withTexts(kind) { engine, found async throws in
            let count = try await engine.write { db in
                try db.execute("DELETE FROM found WHERE \(db.dialect.hasWords(in: "found", [["box-1"], ["dogs"]]))")
            }
            #expect(count == 1)
            #expect(try await found(["cats"]) == ["a"])
        }
    }

    @Test(arguments: Engine.tested) func `words are looked up and not read through`(_ kind: Engine) async throws {
        try await withTexts(kind) { engine, _ async throws in
            let lookup = engine.dialect.hasWords(in: "found", [["box-1"], ["cats"]])
            for (sql, scans) in [
                ("SELECT name FROM found WHERE \(lookup)", []),
                ("DELETE FROM found WHERE \(lookup)", []),
                (
                    """
                    SELECT twice.name, COUNT(*) FROM (
                        SELECT name FROM found WHERE \(lookup) UNION ALL SELECT name FROM found WHERE \(lookup)
                    ) AS twice GROUP BY twice.name ORDER BY COUNT(*)
                    """, []
                ),
                ("SELECT words FROM found", ["found"]),
            ] as [(SQLText, [String])] {
                let found = try await engine.read { db in try QueryPlan.fullScans(of: sql, in: db) }
                #expect(found == scans, "\(sql.text)")
            }
        }
    }
}
