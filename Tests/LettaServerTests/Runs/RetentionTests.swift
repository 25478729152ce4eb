import JSON
import LettaAPI
import Logging
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Traces, keys of deleted rows and events of background runs expire.
@Suite(.timeLimit(.minutes(1))) struct RetentionTests {
    private func count(_ table: SQLText, in server: TestServer) async throws -> Int {
        try await server.storage.read { db in try db.value("SELECT COUNT(*) FROM \(table)") ?? 0 }
    }

    @Test(arguments: Engines.scenarios)
    func `each expires after its own time`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(on: engine, { $0.now = { time.now } }) { server in
            let agent = try await server.newAgent()
            _ = try await server.stream("Hi", to: agent, ["background": true])
            // The end of a server waits until all events are stored.
            try await server.restart()
            let retention = RetentionService(server.storage, now: { time.now })
            let run = try #require(try await server.get("/v1/runs/").ids.first)
            let gone = try await server.newAgent()
            try await server.send(.delete, "/v1/agents/\(gone)").expect(200)
            let keys = try await count("deleted_key", in: server)
            #expect(keys > 0)

            // The tables that are left after so many hours in all.
            for (hours, events, traces, keysLeft) in [
                (23, true, true, keys), (25, false, true, keys), (24 * 7 - 1, false, true, keys),
                (24 * 7 + 1, false, false, keys), (24 * 30 - 1, false, false, keys), (24 * 30 + 1, false, false, 0),
            ] {
                try await retention.sweep()
                time.pass(hours: Int64(hours) - (time.now.microseconds - 1_800_000_000_000_000) / 3_600_000_000)
                try await retention.sweep()
                #expect(try await (count("run_event", in: server) > 0) == events, "after \(hours) hours")
                #expect(try await (count("provider_trace", in: server) > 0) == traces, "after \(hours) hours")
                #expect(try await count("deleted_key", in: server) == keysLeft, "after \(hours) hours")
            }
            try await server.get("/v1/runs/\(run)").expect(200, ["status": "completed"])
            #expect(try await server.said(by: agent).count == 2)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the oldest traces go when all of them take too much`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(on: engine, { $0.now = { time.now } }) { server in
            let agent = try await server.newAgent()
            for number in 0..<3 {
                time.pass(hours: 1)
                try await server.say("\(number)", to: agent).expect(200)
            }
            let newest: Int = try await server.storage.read { db in
                try db.value("SELECT bytes FROM provider_trace ORDER BY created_at DESC LIMIT 1") ?? 0
            }
            #expect(newest > 100)
            let all: Int = try await server.storage.read(StepStore.traceBytes)
            try await RetentionService(server.storage, now: { time.now }, .init(traceBytes: all)).sweep()
            #expect(try await count("provider_trace", in: server) == 3)
            try await RetentionService(server.storage, now: { time.now }, .init(traceBytes: all - 1)).sweep()
            #expect(try await count("provider_trace", in: server) < 3)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `more than a batch is deleted, by two servers at once as well`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(on: engine, { $0.now = { time.now } }) { server in
            try await server.storage.write { db in
                for number in 0..<250 {
                    try db.execute(
                        """
                        INSERT INTO deleted_key (organization_id, id, created_at, updated_at, deleted_at)
                        VALUES ('org', \("x-\(number)"), 0, 0, 0)
                        """)
                }
            }
            let retention = RetentionService(server.storage, now: { time.now })
            async let first: Void = retention.sweep()
            async let second: Void = retention.sweep()
            _ = try await (first, second)
            #expect(try await count("deleted_key", in: server) == 0)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what is older than the seventh migration counts from the first sweep`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            let storage = try await database.open()
            _ = try await Migrator(Array(AllMigrations.migrations.prefix(6))).up(storage, keepingCopyIn: nil)
            try await storage.write { db in
                try db.execute(
                    "INSERT INTO deleted_key (organization_id, id, created_at, updated_at) VALUES ('org', 'x', 0, 0)")
            }
            _ = try await ServerStorage.migrator.up(storage, keepingCopyIn: nil)
            let time = SettableTime()
            let retention = RetentionService(storage, now: { time.now })
            for (hours, left) in [(0, 1), (24 * 29, 1), (24 * 2, 0)] as [(Int64, Int)] {
                time.pass(hours: hours)
                try await retention.sweep()
                let count: Int? = try await storage.read { db in try db.value("SELECT COUNT(*) FROM deleted_key") }
                #expect(count == left, "after \(hours) more hours")
            }
            await storage.close()
        }
    }

    @Test func `the service sweeps at the start and every hour`() async throws {
        let clock = ManualClock()
        let time = SettableTime()
        try await withServer(on: .sqlite) { server in
            let retention = RetentionService(server.storage, now: { time.now }, clock: clock)
            let running = Task { await retention.run() }
            for _ in 0..<2 {
                await clock.waitForSleepers(1)
                try await server.storage.write { db in
                    try db.execute(
                        """
                        INSERT INTO deleted_key (organization_id, id, created_at, updated_at, deleted_at)
                        VALUES ('org', 'x', 0, 0, 0)
                        """)
                }
                clock.advance(by: .seconds(3_600))
                await clock.waitForSleepers(1)
                #expect(try await count("deleted_key", in: server) == 0)
            }
            running.cancel()
            await running.value
        }
    }
}

extension RetentionService {
    init(
        _ storage: any StorageEngine, now: @escaping @Sendable () -> Timestamp, _ policy: Policy = Policy(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.init(
            core: Core(storage: storage, ids: .random, now: now, clock: clock, logger: Logger(label: "retention")),
            policy: policy)
    }
}
