import Storage
import StorageSQLite
import Testing

/// The mark of a database stays only when nothing was written but quietly.
@Suite(.timeLimit(.minutes(2))) struct DatabaseMarkTests {
    private static func mark(of engine: any StorageEngine) async throws -> DatabaseMark? {
        try await engine.commit(quietly: true) { try $0.mark() }.value
    }

    @Test func `whoever writes moves it, in this process or another`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/test.sqlite"
            try await closing(SQLiteEngine(path: path, readers: 1, logger: quiet)) { engine in
                try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
                var last = try #require(try await Self.mark(of: engine))
                func moved() async throws -> Bool {
                    let now = try #require(try await Self.mark(of: engine))
                    defer { last = now }
                    return now != last
                }
                _ = try await engine.commit(quietly: true) { try $0.execute("INSERT INTO note VALUES (1)") }
                try await engine.write(quietly: true) { try $0.execute("INSERT INTO note VALUES (10)") }
                let count: Int? = try await engine.read { try $0.value("SELECT COUNT(*) FROM note") }
                #expect(count == 2)
                #expect(try await !moved())
                try await engine.write { try $0.execute("INSERT INTO note VALUES (2)") }
                #expect(try await moved())
                _ = try await engine.commit(quietly: false) { try $0.execute("INSERT INTO note VALUES (3)") }
                #expect(try await moved())
                #expect(try await !moved())
                try await closing(SQLiteEngine(path: path, readers: 1, logger: quiet)) { other in
                    _ = try await other.commit(quietly: true) { try $0.execute("INSERT INTO note VALUES (4)") }
                    #expect(try await moved(), "what is quiet for one is news for another")
                    #expect(try await !moved())
                }
            }
        }
    }

    @Test func `a transaction sees those before it in the same group`() async throws {
        try await withTemporaryFolder { folder in
            try await closing(SQLiteEngine(path: "\(folder)/test.sqlite", readers: 1, logger: quiet)) { engine in
                try await engine.write { try $0.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)") }
                // Each notes how many there are at a mark: at one mark it is always the same number.
                let seen = try await withThrowingTaskGroup(of: (DatabaseMark?, Int?).self) { group in
                    for id in 0..<200 {
                        group.addTask {
                            if id % 3 == 0 {
                                try await engine.write { try $0.execute("INSERT INTO note VALUES (\(id))") }
                            }
                            return try await engine.commit(quietly: true) { db in
                                (try db.mark(), try db.value("SELECT COUNT(*) FROM note"))
                            }.value
                        }
                    }
                    return try await group.reduce(into: [DatabaseMark?: Set<Int?>]()) {
                        $0[$1.0, default: []].insert($1.1)
                    }
                }
                #expect(seen[nil] == nil)
                #expect(seen.values.allSatisfy { $0.count == 1 })
            }
        }
    }

    @Test(arguments: Engine.tested)
    func `it is known where it can be`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine async throws in
            let reading = try await engine.read { try $0.mark() }
            #expect(reading == nil)
            let writing = try await Self.mark(of: engine)
            #expect((writing != nil) == (kind == .sqlite))
        }
    }
}
