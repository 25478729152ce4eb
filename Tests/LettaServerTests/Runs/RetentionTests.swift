import JSON
import LettaAPI
import Logging
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Traces, keys of deleted rows and events of background runs expire.
@Suite(.timeLimit(.minutes(5))) struct RetentionTests {
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

    @Test(arguments: Engines.scenarios)
    func `a month of sweeps, hour by hour`(_ engine: TestEngine) async throws {
        let clock = ManualClock()
        let start: Int64 = 1_800_000_000_000_000
        let now: @Sendable () -> Timestamp = {
            Timestamp(microseconds: start + clock.now.offset.components.seconds * 1_000_000)
        }
        try await withServer(on: engine, { $0.now = now }) { server in
            let agent = try await server.newAgent()
            let said: JSONValue = ["role": "user", "content": "Hi", "otid": "once"]
            try await server.run([
                .post(
                    "/v1/agents/\(agent)/messages/stream",
                    ["messages": [said], "streaming": true, "background": true], expect: 200),
                .post(
                    "/v1/client-side-access-tokens",
                    [
                        "hostname": "https://example.org",
                        "policy": [["type": "agent", "id": .string(agent), "access": ["read_agent"]]],
                        "expires_at": "2027-01-15T13:00:00Z",
                    ], expect: 200),
            ])
            let gone = try await server.newAgent()
            try await server.send(.delete, "/v1/agents/\(gone)").expect(200)
            try await server.restart()
            let run = try #require(try await server.get("/v1/runs/").ids.first)

            let tables = [
                "access_token", "run_event", "send_key", "provider_trace", "deleted_key", "usage_day", "message",
                "step",
            ]
            let retention = RetentionService(server.storage, now: now, clock: clock)
            let running = Task { await retention.run() }
            var last: [String: Int] = [:]
            let hours = 24 * 30 + 2
            for hour in 0..<hours {
                await clock.waitForSleepers(1)
                let counts = try await server.storage.read { db in
                    try tables.map { try db.value("SELECT COUNT(*) FROM \(SQLText(identifier: $0))") ?? 0 as Int }
                }
                for (table, count) in zip(tables, counts) where count > 0 { last[table] = hour }
                clock.advance(by: RetentionService.interval)
            }
            running.cancel()
            await running.value
            #expect(
                last == [
                    "access_token": 5, "run_event": 24, "send_key": 24, "provider_trace": 24 * 7,
                    "deleted_key": 24 * 30, "usage_day": hours - 1, "message": hours - 1, "step": hours - 1,
                ])
            // What the history and the sums need stays, and what is gone is said to be gone.
            try await server.run([
                .get("/v1/runs/\(run)", expect: 200, ["status": "completed"]),
                .get("/v1/runs/\(run)/trace", expect: 200),
                .post("/v1/runs/\(run)/stream", [:], expect: 410),
                .get(
                    "/v1/usage/summary?start_date=2027-01-15&end_date=2027-01-15", expect: 200,
                    ["total": ["turns": 1, "steps": 1]]),
            ])
            #expect(try await server.said(by: agent).count == 2)
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
        _ storage: any StorageEngine, now: @escaping @Sendable () -> Timestamp, _ fixed: ServerDefaults.Fixed = .init(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        let core = Core(storage: storage, ids: .random, now: now, clock: clock, logger: Logger(label: "retention"))
        self.init(core: core, defaults: ServerDefaults(core: core, fixed: fixed))
    }
}
