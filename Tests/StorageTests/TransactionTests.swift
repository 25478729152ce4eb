import Storage
import Testing

@Suite(.timeLimit(.minutes(2))) struct TransactionTests {
    private struct Refused: Error {}

    private static let tables: @Sendable (any SQLExecutor) throws -> Void = { db in
        try db.execute(
            """
            CREATE TABLE account (
                id TEXT PRIMARY KEY, balance BIGINT NOT NULL CONSTRAINT never_negative CHECK (balance >= 0), email TEXT,
                CONSTRAINT one_email UNIQUE (email))
            """)
        try db.execute("CREATE TABLE note (account_id TEXT NOT NULL REFERENCES account (id), body TEXT)")
        try db.execute("INSERT INTO account VALUES ('a', 100, 'a@x'), ('b', 100, 'b@x')")
    }

    private func balance(_ engine: any StorageEngine, _ id: String) async throws -> Int? {
        try await engine.read { try $0.value("SELECT balance FROM account WHERE id = \(id)") }
    }

    @Test(arguments: Engine.tested) func `a body that throws leaves nothing`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write(Self.tables)
            await #expect(throws: Refused.self) {
                try await engine.write { db in
                    try db.execute("UPDATE account SET balance = 0")
                    try db.execute("CREATE TABLE half (id TEXT)")
                    throw Refused()
                }
            }
            #expect(try await balance(engine, "a") == 100)
            #expect(await failureKind { try await engine.read { try $0.rows("SELECT * FROM half") } } == .other)
        }
    }

    @Test(arguments: Engine.tested) func `a swallowed failure still rolls back`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write(Self.tables)
            let failure = await failureKind {
                try await engine.write { db in
                    try db.execute("UPDATE account SET balance = 1 WHERE id = 'a'")
                    _ = try? db.execute("INSERT INTO account VALUES ('a', 1, NULL)")
                    #expect(throws: SQLFailure.self) { try db.execute("UPDATE account SET balance = 2") }
                }
            }
            guard case .uniqueViolation = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(try await balance(engine, "a") == 100)
        }
    }

    @Test(arguments: Engine.tested) func `violations say which rule was broken`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write(Self.tables)
            func failure(_ sql: SQLText) async -> SQLFailure.Kind? {
                await failureKind { try await engine.write { try $0.execute(sql) } }
            }
            let primary = await failure("INSERT INTO account VALUES ('a', 1, NULL)")
            let unique = await failure("INSERT INTO account VALUES ('c', 1, 'b@x')")
            switch kind {
            case .sqlite:
                #expect(primary == .uniqueViolation("account.id"))
                #expect(unique == .uniqueViolation("account.email"))
            case .postgres:
                #expect(primary == .uniqueViolation("account_pkey"))
                #expect(unique == .uniqueViolation("one_email"))
            }
            #expect(await failure("INSERT INTO note VALUES ('nobody', 'x')") == .foreignKeyViolation)
            #expect(await failure("UPDATE account SET balance = -1") == .checkViolation)
            #expect(await failure("UPDATE account SET balance = NULL") == .checkViolation)
            #expect(await failure("SELEC 1") == .other)
            #expect(await failure("SELECT 1; SELECT 2") == .other)
            #expect(try await balance(engine, "a") == 100)
        }
    }

    @Test(arguments: Engine.tested) func `a read can not write`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write(Self.tables)
            let failure = await failureKind { try await engine.read { try $0.execute("DELETE FROM account") } }
            #expect(failure == .unavailable)
            #expect(try await balance(engine, "a") == 100)
        }
    }

    @Test(arguments: Engine.tested) func `a read sees one instant`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write(Self.tables)
            let (hasRead, sayRead) = AsyncStream<Void>.makeStream()
            let hasWritten = Gate()
            async let sums = engine.read { db -> [Int?] in
                let before: Int? = try db.value("SELECT balance FROM account WHERE id = 'a'")
                sayRead.finish()
                hasWritten.wait()
                return [before, try db.value("SELECT balance FROM account WHERE id = 'a'")]
            }
            for await _ in hasRead {}
            try await engine.write { try $0.execute("UPDATE account SET balance = 5") }
            hasWritten.open()
            #expect(try await sums == [100, 100])
            #expect(try await balance(engine, "a") == 5)
        }
    }

    @Test(arguments: Engine.tested) func `fifty writers and their readers lose nothing`(_ kind: Engine) async throws {
        try await withEngine(kind, connections: 8) { engine in
            try await engine.write(Self.tables)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        for _ in 0..<4 {
                            try await engine.write { db in
                                for id in ["a", "b"] {
                                    try db.execute("UPDATE account SET balance = balance + 1 WHERE id = \(id)")
                                }
                                try db.execute("INSERT INTO note VALUES ('a', 'raised')")
                            }
                        }
                    }
                    group.addTask {
                        let (sum, notes) = try await engine.read { db -> (Int?, Int?) in
                            (
                                try db.value("SELECT CAST(SUM(balance) AS BIGINT) FROM account"),
                                try db.value("SELECT COUNT(*) FROM note")
                            )
                        }
                        #expect(sum == 200 + 2 * (notes ?? 0))
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await balance(engine, "a") == 300)
            #expect(try await balance(engine, "b") == 300)
        }
    }

    @Test(arguments: Engine.tested) func `a closed database says so`(_ kind: Engine) async throws {
        try await withEngine(kind) { engine in
            try await engine.write(Self.tables)
            await engine.close()
            #expect(await failureKind { try await engine.read { try $0.rows("SELECT 1") } } == .unavailable)
            await engine.close()
        }
    }
}
