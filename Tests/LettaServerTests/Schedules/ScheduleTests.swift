import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Messages that are sent later.
@Suite(.timeLimit(.minutes(2))) struct ScheduleTests {
    /// A time of day that moves with the clock that measures delays.
    private struct Time {
        let clock = ManualClock()
        /// 2027-01-15 08:00 UTC.
        static let start: Int64 = 1_800_000_000

        var now: @Sendable () -> Timestamp {
            { [clock] in
                Timestamp(microseconds: (Self.start + clock.now.offset.components.seconds) * 1_000_000)
            }
        }

        static func milliseconds(_ seconds: Int64) -> JSONValue { .int((start + seconds) * 1_000) }
    }

    private static func once(_ seconds: Int64, _ text: String = "later") -> JSONValue {
        [
            "messages": [["role": "user", "content": .string(text)]],
            "schedule": ["type": "one-time", "scheduled_at": Time.milliseconds(seconds)],
        ]
    }

    private static func at(_ time: Int64) -> JSONValue {
        ["messages": [["role": "user", "content": "x"]], "schedule": ["scheduled_at": .int(time)]]
    }

    private static func recurring(_ cron: JSONValue, _ fields: JSONObject = [:]) -> JSONValue {
        var schedule: JSONObject = ["type": "recurring", "cron_expression": cron]
        for (key, value) in fields { schedule[key] = value }
        return ["messages": [["role": "user", "content": "again"]], "schedule": .object(schedule)]
    }

    private func users(_ server: TestServer) async throws -> [String] {
        try await server.said(by: server["ann"]).filter { $0.hasPrefix("user") }
    }

    private func withTime(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer, ManualClock) async throws -> Void
    ) async throws {
        let time = Time()
        try await withServer(
            on: engine,
            {
                $0.clock = time.clock
                $0.now = time.now
            },
            { server in
                server["ann"] = try await server.newAgent(
                    "ann", ["timezone": "Europe/Berlin", "agent_type": "letta_v1_agent"])
                try await body(server, time.clock)
            })
    }

    @Test(arguments: Engines.all)
    func `a schedule is made, read, listed and deleted`(_ engine: TestEngine) async throws {
        try await withTime(on: engine) { server, _ in
            let other = try await server.addOrganization()
            server["bob"] = try await server.newAgent("bob")
            let path = "/v1/agents/{ann}/schedule"
            try await server.run([
                .post(path, Self.once(3_600), expect: 200, ["next_scheduled_at": "2027-01-15T09:00:00.000000Z"])
                    .keep("once"),
                .post(
                    path, Self.recurring("0 9 * * *"), expect: 200,
                    ["id": .id("schedule"), "next_scheduled_at": "2027-01-16T08:00:00.000000Z"]
                ).keep("daily").note("in the agent's time zone"),
                .post(
                    path, Self.recurring("0 9 * * *", ["timezone": "UTC"]), expect: 200,
                    ["next_scheduled_at": "2027-01-15T09:00:00.000000Z"]
                ).keep("utc"),
                .post(path, Self.recurring("0 9 * *"), expect: 422).field("schedule.cron_expression"),
                .post(path, Self.recurring("0 9 31 2 *"), expect: 422).field("schedule.cron_expression"),
                .post(path, Self.recurring("0 9 * * *", ["timezone": "Nowhere"]), expect: 422)
                    .field("schedule.timezone"),
                .post(path, ["messages": [], "schedule": ["scheduled_at": 1]], expect: 422).field("messages"),
                .post(
                    path, ["messages": [["role": "user", "content": "x"]], "schedule": [:]], expect: 422
                ).field("schedule.scheduled_at"),
                .post(path, Self.at(1_800_000_600), expect: 422, ["detail": .text(containing: "looks like seconds")])
                    .field("schedule.scheduled_at"),
                .post(path, Self.at(0), expect: 422, ["detail": .text(containing: "1970")])
                    .field("schedule.scheduled_at"),
                .post(
                    path, Self.at(1_800_000_600_000_000), expect: 422,
                    ["detail": .text(containing: "looks like microseconds")]
                ).field("schedule.scheduled_at"),
                .post(path, ["messages": [["role": "user", "content": "x"]]], expect: 422).field("schedule"),
                .post("/v1/agents/agent-\(nobody)/schedule", Self.once(60), expect: 404),
                .post(path, Self.once(60), as: other, expect: 404),
            ])
            try await server.restart()
            let page = try await server.get("/v1/agents/{ann}/schedule?limit=1")
            #expect(page[header: "Link"]?.contains("after=") == true)
            try await server.run([
                .get(
                    path, expect: 200,
                    [
                        "has_next_page": false,
                        "scheduled_messages": [["id": "{once}"], ["id": "{daily}"], ["id": "{utc}"]],
                    ]),
                .get(
                    "\(path)?limit=1&after={once}", expect: 200,
                    ["has_next_page": true, "scheduled_messages": [["id": "{daily}"]]]),
                .get(
                    "\(path)/{daily}", expect: 200,
                    [
                        "id": "{daily}", "agent_id": "{ann}", "next_scheduled_time": "2027-01-16T08:00:00.000000Z",
                        "message": ["messages": [["role": "user", "content": "again"]], "callback_url": nil],
                        "schedule": [
                            "type": "recurring", "cron_expression": "0 9 * * *", "timezone": "Europe/Berlin",
                        ],
                    ]),
                .post("/v1/agents/{bob}/schedule", Self.once(7_200), expect: 200).keep("of bob"),
                .get(
                    "/v1/server/schedules?limit=4", expect: 200,
                    [
                        ["id": "{once}", "agent_id": "{ann}", "agent_name": "ann"], ["id": "{daily}"], ["id": "{utc}"],
                        ["id": "{of bob}", "agent_id": "{bob}", "schedule": ["type": "one-time"]],
                    ]
                ).note("those of all agents"),
                .get("/v1/server/schedules?limit=1&after={utc}", expect: 200, [["id": "{of bob}"]]),
                .get("/v1/server/schedules", as: other, expect: 200, []),
                .get("\(path)/schedule-\(nobody)", expect: 404),
                .get("/v1/agents/{bob}/schedule/{daily}", expect: 404).note("another agent's"),
                .get("\(path)/{daily}", as: other, expect: 404),
                .get(path, as: other, expect: 404),
                .delete("\(path)/{daily}", as: other, expect: 404),
                .delete("\(path)/{daily}", expect: 200, ["success": true]),
                .delete("\(path)/{daily}", expect: 404),
                .get("\(path)?after={daily}", expect: 200, ["scheduled_messages": [["id": "{utc}"]]]),
                .delete("/v1/agents/{ann}", expect: 200),
                .delete("/v1/agents/{bob}", expect: 200),
                .get(path, expect: 404),
            ])
            let left: Int? = try await server.storage.read { db in
                try db.value("SELECT COUNT(*) FROM scheduled_message")
            }
            #expect(left == 0, "schedules go with their agent")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `messages are sent when their time comes, once`(_ engine: TestEngine) async throws {
        try await withTime(on: engine) { server, clock in
            try await server.run([
                .post("/v1/agents/{ann}/schedule", Self.once(90), expect: 200).keep("once"),
                .post("/v1/agents/{ann}/schedule", Self.recurring("*/2 * * * *"), expect: 200).keep("often"),
            ])
            await clock.waitForSleeper(dueWithin: .seconds(60))
            #expect(try await users(server) == [])
            clock.advance(by: .seconds(60))
            await clock.waitForSleeper(dueWithin: .seconds(30))
            #expect(try await users(server) == [])
            clock.advance(by: .seconds(30))
            let once = try await server.until("/v1/agents/{ann}/schedule/{once}") { $0["next_scheduled_time"] == .null }
            #expect(once["schedule"]?["type"] == "one-time")
            _ = try await server.until("/v1/runs/?agent_id={ann}") { $0[0]?["status"] == "completed" }
            #expect(try await users(server) == ["user_message: later"])
            await clock.waitForSleeper(dueWithin: .seconds(30))
            clock.advance(by: .seconds(30))
            _ = try await server.until("/v1/agents/{ann}/schedule/{often}") {
                $0["next_scheduled_time"] == "2027-01-15T08:04:00.000000Z"
            }
            _ = try await server.until("/v1/runs/?agent_id={ann}") {
                $0.array?.count == 2 && $0[0]?["status"] == "completed"
            }
            #expect(try await users(server) == ["user_message: later", "user_message: again"])
        }
    }

    @Test(arguments: Engines.all)
    func `what a stopped server missed`(_ engine: TestEngine) async throws {
        try await withTime(on: engine) { server, clock in
            try await server.run([
                .post("/v1/agents/{ann}/schedule", Self.once(90), expect: 200).keep("once"),
                .post("/v1/agents/{ann}/schedule", Self.recurring("*/2 * * * *"), expect: 200).keep("often"),
            ])
            try await server.whileStopped { clock.advance(by: .seconds(1_070)) }
            _ = try await server.until("/v1/agents/{ann}/schedule/{once}") { $0["next_scheduled_time"] == .null }
            _ = try await server.until("/v1/agents/{ann}/schedule/{often}") {
                $0["next_scheduled_time"] == "2027-01-15T08:18:00.000000Z"
            }
            _ = try await server.until("/v1/runs/?agent_id={ann}") { $0[0]?["status"] == "completed" }
            #expect(try await users(server) == ["user_message: later"], "late ones at once, recurring ones not at all")
            try await server.restart()
            #expect(try await server.get("/v1/runs/?agent_id={ann}").ids.count == 1)
        }
    }
}
