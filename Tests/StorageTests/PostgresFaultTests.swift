import Foundation
import Logging
import Storage
import StoragePostgres
import Synchronization
import Testing

@Suite(.enabled(if: Engine.tested.contains(.postgres)), .timeLimit(.minutes(5))) struct PostgresFaultTests {
    private static let table: @Sendable (any SQLExecutor) throws -> Void = { db in
        try db.execute("CREATE TABLE note (id BIGINT PRIMARY KEY, body TEXT)")
        try db.execute("INSERT INTO note VALUES (1, 'one'), (2, 'two')")
    }

    /// Ends the server's side of every other connection of this engine's application name.
    private func withVictim(
        _ body: (_ victim: any StorageEngine, _ kill: () async throws -> Void) async throws -> Void
    ) async throws {
        let name = "victim_\(UInt64.random(in: .min ... .max))"
        try await withEngine(.postgres, connections: 2, options: "&application_name=\(name)") { victim in
            try await withEngine(.postgres, connections: 1) { killer in
                try await body(victim) {
                    try await killer.read { db in
                        // With a time to wait, the call returns when the process is gone.
                        _ = try db.rows(
                            """
                            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                            WHERE application_name = \(name)
                            """)
                    }
                }
            }
        }
    }

    @Test func `connections lost while idle are replaced without anybody noticing`() async throws {
        try await withVictim { victim, kill in
            try await victim.write(Self.table)
            for round in 1...3 {
                try await kill()
                let count: Int? = try await victim.read { try $0.value("SELECT COUNT(*) FROM note") }
                #expect(count == 1 + round)
                try await kill()
                #expect(try await victim.write { try $0.execute("INSERT INTO note VALUES (\(round + 9), 'x')") } == 1)
            }
        }
    }

    @Test func `a connection lost in a transaction fails it and the next one works`() async throws {
        try await withVictim { victim, kill in
            try await victim.write(Self.table)
            let (isInside, sayInside) = AsyncStream<Void>.makeStream()
            let isKilled = Gate()
            async let failure = failureKind {
                try await victim.write { db in
                    try db.execute("UPDATE note SET body = 'lost'")
                    sayInside.finish()
                    isKilled.wait()
                    try db.execute("UPDATE note SET body = 'never'")
                }
            }
            for await _ in isInside {}
            try await kill()
            isKilled.open()
            #expect(await failure == .unavailable)
            #expect(try await victim.read { try $0.value("SELECT body FROM note WHERE id = 1") } == "one")
        }
    }

    @Test func `a connection lost during the commit leaves the outcome unknown`() async throws {
        try await withVictim { victim, kill in
            try await victim.write(Self.table)
            try await victim.write { db in
                // Runs within COMMIT.
                try db.execute(
                    """
                    CREATE FUNCTION wait_in_commit() RETURNS TRIGGER LANGUAGE plpgsql AS $$
                    BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$
                    """)
                try db.execute(
                    """
                    CREATE CONSTRAINT TRIGGER note_commit AFTER UPDATE ON note DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION wait_in_commit()
                    """)
            }
            async let failure = failureKind {
                try await victim.write { try $0.execute("UPDATE note SET body = 'lost' WHERE id = 1") }
            }
            let committing: SQLText = """
                SELECT COUNT(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'
                AND application_name = current_setting('application_name')
                """
            while try await victim.read({ try $0.value(committing) as Int? }) == 0 {}
            try await kill()
            #expect(await failure == .outcomeUnknown)
        }
    }

    @Test func `a deadlock is solved by running the loser again`() async throws {
        // The server looks for deadlocks after deadlock_timeout, one second.
        try await withEngine(.postgres, connections: 2) { engine in
            try await engine.write(Self.table)
            let gates = [Gate(), Gate()]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (first, second) in [(1, 2), (2, 1)] {
                    group.addTask {
                        let runs = Counter()
                        try await engine.write { db in
                            try db.execute("UPDATE note SET body = body || '+' WHERE id = \(first)")
                            if runs.next() == 1 {
                                // Both hold one row before either asks for the other's.
                                gates[second - 1].open()
                                gates[first - 1].wait()
                            }
                            try db.execute("UPDATE note SET body = body || '-' WHERE id = \(second)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let bodies = try await engine.read { try $0.rows("SELECT body FROM note").map { try $0["body"] as String } }
            for body in bodies { #expect(body.filter { $0 == "+" }.count == 1 && body.filter { $0 == "-" }.count == 1) }
        }
    }

    @Test func `a lock that is not had in time is busy`() async throws {
        try await withEngine(.postgres, connections: 2) { engine in
            try await engine.write(Self.table)
            let (isLocked, sayLocked) = AsyncStream<Void>.makeStream()
            let gate = Gate()
            async let holder: Int = engine.write { db in
                let count = try db.execute("UPDATE note SET body = 'mine'")
                sayLocked.finish()
                gate.wait()
                return count
            }
            for await _ in isLocked {}
            let failure = await failureKind {
                try await engine.write { db in
                    try db.execute("SET LOCAL lock_timeout = 20")
                    try db.execute("UPDATE note SET body = 'other'")
                }
            }
            #expect(failure == .busy)
            gate.open()
            #expect(try await holder == 2)
        }
    }

    @Test func `more statements than are kept still run`() async throws {
        try await withEngine(.postgres, connections: 1) { engine in
            for count in [1...300, 1...3] {
                try await engine.read { db in
                    for number in count {
                        let text = SQLText(stringLiteral: String(number))
                        #expect(try db.value("SELECT \(text) + CAST(\(1) AS BIGINT)") == number + 1)
                    }
                    let kept: Int? = try db.value("SELECT COUNT(*) FROM pg_prepared_statements")
                    #expect((kept ?? 0) <= 256)
                }
            }
        }
    }

    @Test func `a prepared plan that no longer fits is made anew`() async throws {
        try await withEngine(.postgres, connections: 1) { engine in
            try await engine.write(Self.table)
            let all: @Sendable (any SQLExecutor) throws -> Int = { db in
                try db.rows("SELECT * FROM note WHERE id > \(0)").count
            }
            #expect(try await engine.read(all) == 2)
            try await engine.write { try $0.execute("ALTER TABLE note ADD COLUMN tag TEXT") }
            _ = try? await engine.read(all)
            #expect(try await engine.read(all) == 2)
        }
    }

    @Test func `notices go to the log`() async throws {
        let lines = Mutex<[String]>([])
        let logger = Logger(label: "test") { _ in Recorder { line in lines.withLock { $0.append(line) } } }
        try await closing(await PostgresEngine(uri: try postgresURI(), connections: 1, logger: logger)) { engine in
            _ = try await engine.write { try $0.execute("DROP TABLE IF EXISTS never_there") }
        }
        #expect(lines.withLock { $0.contains { $0.contains("never_there") } })
    }

    @Test func `a copy is refused and pg_dump named`() async throws {
        try await withEngine(.postgres) { engine in
            let failure = await #expect(throws: SQLFailure.self) { try await engine.backup(to: "/tmp/copy") }
            #expect(failure?.kind == .unsupported)
            #expect(failure?.message.contains("pg_dump") == true)
        }
    }

    @Test func `a server that is not there is unavailable`() async throws {
        let failure = await failureKind {
            try await PostgresEngine(uri: "postgresql://nobody@/x?host=/nowhere", connections: 1, logger: quiet)
        }
        #expect(failure == .unavailable)
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

struct Recorder: LogHandler {
    let write: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    init(_ write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        write("\(event.message) \(event.metadata ?? [:])")
    }
}
