import Logging
import Storage
import StoragePostgres
import Testing

/// One server at a time uses a PostgreSQL database.
@Suite(.enabled(if: Engine.tested.contains(.postgres)), .timeLimit(.minutes(1))) struct PostgresServerLockTests {
    /// The sessions that hold or wait for the server lock, by application name.
    private static func sessions(_ name: String, waiting: Bool) -> SQLText {
        """
        SELECT COUNT(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND application_name = \(name) AND granted = \(!waiting)
        """
    }

    private func open(_ uri: String, _ name: String, _ logger: Logger = quiet) async throws -> PostgresEngine {
        try await PostgresEngine(uri: "\(uri)&application_name=\(name)", connections: 1, logger: logger)
    }

    @Test func `a second server is refused until the first one is closed`() async throws {
        try await withSchema { uri in
            try await closing(await open(uri, "first")) { first async throws in
                try await first.lockOutOtherServers()
                try await closing(await open(uri, "second")) { second async throws in
                    let failure = await #expect(throws: SQLFailure.self) { try await second.lockOutOtherServers() }
                    #expect(failure?.kind == .busy)
                    #expect(failure?.message.contains("Another letta-server is using the PostgreSQL database") == true)
                    // Without the lock it may be read, backed up or asked for its version.
                    _ = try await second.read { try $0.rows("SELECT 1") }
                    try await withSchema { other in
                        try await closing(await open(other, "third")) { try await $0.lockOutOtherServers() }
                    }
                    await first.close()
                    try await second.lockOutOtherServers()
                }
            }
        }
    }

    @Test func `a lost lock stops writes until it is held again`() async throws {
        let (first, second) = (
            "first_\(UInt64.random(in: .min ... .max))", "second_\(UInt64.random(in: .min ... .max))"
        )
        let (lines, line) = AsyncStream<String>.makeStream()
        let logger = Logger(label: "test") { _ in Recorder { line.yield($0) } }
        try await withSchema { uri in
            try await withEngine(.postgres, connections: 1) { admin in
                try await closing(await open(uri, first, logger)) { server async throws in
                    try await server.lockOutOtherServers()
                    try await server.write { try $0.execute("CREATE TABLE note (id BIGINT)") }
                    var logged = lines.makeAsyncIterator()
                    try await closing(await open(uri, second)) { rival async throws in
                        // The rival waits for the lock, so it gets it when the first one's session ends.
                        async let locked: Void = rival.lockOutOtherServers()
                        while try await admin.read({ try $0.value(Self.sessions(second, waiting: true)) }) == 0 {}
                        try await kill(first, by: admin)
                        try await locked
                        while let text = await logged.next(), !text.contains("can't be had again") {}
                        let failure = await failureKind {
                            try await server.write { try $0.execute("DELETE FROM note") }
                        }
                        #expect(failure == .unavailable)
                    }
                    while let text = await logged.next(), !text.contains("held again; writes are accepted") {}
                    #expect(try await server.write { try $0.execute("INSERT INTO note VALUES (1)") } == 1)
                    #expect(try await admin.read { try $0.value(Self.sessions(first, waiting: false)) } == 1)
                }
            }
        }
    }

    @Test func `a write that waited for a connection is refused when the lock is lost meanwhile`() async throws {
        let name = "waiting_\(UInt64.random(in: .min ... .max))"
        let (lines, line) = AsyncStream<String>.makeStream()
        let logger = Logger(label: "test") { _ in Recorder { line.yield($0) } }
        try await withSchema { uri in
            try await withEngine(.postgres, connections: 1) { admin in
                try await closing(await open(uri, name, logger)) { server async throws in
                    try await server.lockOutOtherServers()
                    let gate = Gate()
                    let (isRunning, sayRunning) = AsyncStream<Void>.makeStream()
                    let running = Task {
                        await failureKind {
                            try await server.write { _ in
                                sayRunning.finish()
                                gate.wait()
                            }
                        }
                    }
                    for await _ in isRunning {}
                    // Immediate: it waits for the only connection when the call returns.
                    let waiting = Task.immediate { await failureKind { try await server.write { _ in } } }
                    try await closing(await open(uri, "rival")) { rival async throws in
                        async let locked: Void = rival.lockOutOtherServers()
                        while try await admin.read({ try $0.value(Self.sessions("rival", waiting: true)) }) == 0 {}
                        try await kill(name, by: admin)
                        try await locked
                        var logged = lines.makeAsyncIterator()
                        while let text = await logged.next(), !text.contains("can't be had again") {}
                        gate.open()
                        #expect(await running.value == .unavailable, "before its commit")
                        #expect(await waiting.value == .unavailable, "before its first statement")
                    }
                }
            }
        }
    }

    /// Ends the session that holds the server lock.
    private func kill(_ name: String, by admin: any StorageEngine) async throws {
        _ = try await admin.read { db in
            try db.rows(
                """
                SELECT pg_terminate_backend(pid, 10000) FROM pg_locks JOIN pg_stat_activity USING (pid)
                WHERE locktype = 'advisory' AND application_name = \(name)
                """)
        }
    }
}
