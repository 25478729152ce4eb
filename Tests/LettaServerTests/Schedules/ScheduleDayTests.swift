import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Schedules over whole days, by a clock that the test moves by hand.
@Suite(.timeLimit(.minutes(5))) struct ScheduleDayTests {
    /// A time of day that moves with the clock that measures delays.
    private struct HandTime: Sendable {
        let clock = ManualClock()
        /// In seconds since 1970.
        let start: Int64

        var seconds: Int64 { start + clock.now.offset.components.seconds }
    }

    private func withTime(
        from start: Int64, on engine: TestEngine, agents: [String],
        _ body: @Sendable @escaping (TestServer, HandTime) async throws -> Void
    ) async throws {
        let time = HandTime(start: start)
        try await withServer(
            on: engine,
            {
                $0.clock = time.clock
                $0.now = { Timestamp(microseconds: time.seconds * 1_000_000) }
            },
            { server in
                for agent in agents {
                    server[agent] = try await server.newAgent(
                        agent, ["timezone": "Europe/Berlin", "agent_type": "letta_v1_agent"])
                }
                try await body(server, time)
            })
    }

    private static func daily(_ cron: String, _ zone: String? = nil) -> JSONValue {
        [
            "messages": [["role": "user", "content": "again"]],
            "schedule": [
                "type": "recurring", "cron_expression": .string(cron), "timezone": zone.map { .string($0) } ?? .null,
            ],
        ]
    }

    /// Moves the clock to `end`, stopping whenever one of the agents' schedules is due until its turn is over.
    ///
    /// - Returns: when each agent was sent a message.
    private func pass(
        to end: Int64, _ server: TestServer, _ time: HandTime, _ agents: [String]
    ) async throws -> [String: [String]] {
        while time.seconds < end {
            let due: Int64? = try await server.storage.read { db in
                let next: Timestamp? = try db.value("SELECT MIN(next_scheduled_time) FROM scheduled_message")
                return next.map { $0.microseconds / 1_000_000 }
            }
            let target = min(end, due ?? end)
            // The server looks at its clock every minute.
            while time.seconds < target {
                await time.clock.waitForSleeper(dueWithin: WorkLoop.longestRest)
                time.clock.advance(by: .seconds(min(60, target - time.seconds)))
            }
            guard target == due else { break }
            try await settle(server, at: target)
        }
        var sent: [String: [String]] = [:]
        for agent in agents {
            let list = try await server.get("/v1/agents/{\(agent)}/messages?limit=1000").json.array ?? []
            sent[agent] = list.filter { $0["message_type"] == "user_message" }.compactMap { $0["date"]?.string }
        }
        return sent
    }

    /// Waits until what is due is sent and answered.
    private func settle(_ server: TestServer, at time: Int64) async throws {
        let end = ContinuousClock.now + .seconds(120)
        let now = Timestamp(microseconds: time * 1_000_000)
        while true {
            let open: Int? = try await server.storage.read { db in
                try db.value(
                    """
                    SELECT (SELECT COUNT(*) FROM scheduled_message WHERE next_scheduled_time <= \(now))
                        + (SELECT COUNT(*) FROM run WHERE status IN ('created', 'running'))
                    """)
            }
            if open == 0 { return }
            try #require(ContinuousClock.now < end, "nothing is sent at \(now.wireText)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private static func times(_ times: String...) -> [String] { times.map { "2027-\($0):00+00:00" } }

    @Test(arguments: Engines.scenarios)
    func `the day on which summer time begins`(_ engine: TestEngine) async throws {
        // 2027-03-27 12:00 UTC, 13:00 in Berlin. The next day has no 2 o'clock there.
        let start: Int64 = 1_806_148_800
        let agents = ["nine", "lost", "quarters", "utc"]
        try await withTime(from: start, on: engine, agents: agents) { server, time in
            try await server.run([
                .post("/v1/agents/{nine}/schedule", Self.daily("0 9 * * *"), expect: 200),
                .post("/v1/agents/{lost}/schedule", Self.daily("30 2 * * *"), expect: 200),
                .post("/v1/agents/{quarters}/schedule", Self.daily("0 0,6,12,18 * * *"), expect: 200),
                .post("/v1/agents/{utc}/schedule", Self.daily("0 0 * * *", "UTC"), expect: 200),
            ])
            let sent = try await pass(to: start + 36 * 3_600, server, time, agents)
            #expect(sent["nine"] == Self.times("03-28T07:00"), "at 9 in Berlin, which is an hour earlier from now on")
            #expect(sent["lost"] == Self.times("03-28T01:30"), "half an hour after the clock was put forward")
            #expect(
                sent["quarters"]
                    == Self.times(
                        "03-27T17:00", "03-27T23:00", "03-28T04:00", "03-28T10:00", "03-28T16:00", "03-28T22:00"))
            #expect(sent["utc"] == Self.times("03-28T00:00", "03-29T00:00"))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the day on which summer time ends`(_ engine: TestEngine) async throws {
        // 2027-10-31 00:00 in Berlin, whose day has 25 hours and two times 2 o'clock.
        let start: Int64 = 1_824_933_600
        let agents = ["hourly", "twice", "once"]
        try await withTime(from: start, on: engine, agents: agents) { server, time in
            try await server.run([
                .post("/v1/agents/{hourly}/schedule", Self.daily("15 * * * *"), expect: 200),
                .post("/v1/agents/{twice}/schedule", Self.daily("30 2 * * *"), expect: 200),
                .post(
                    "/v1/agents/{once}/schedule",
                    [
                        "messages": [["role": "user", "content": "once"]],
                        "schedule": ["type": "one-time", "scheduled_at": .int((start + 7_200) * 1_000)],
                    ], expect: 200),
            ])
            let sent = try await pass(to: start + 25 * 3_600, server, time, agents)
            #expect(sent["hourly"]?.count == 25 && Set(sent["hourly"] ?? []).count == 25)
            #expect(sent["twice"] == Self.times("10-31T00:30"), "the first of the two")
            #expect(sent["once"] == Self.times("10-31T00:00"))
            try await server.restart()
            let later = try await pass(to: start + 50 * 3_600, server, time, agents)
            #expect(later["hourly"]?.count == 50)
            #expect(later["twice"] == Self.times("10-31T00:30", "11-01T01:30"))
            #expect(later["once"]?.count == 1)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what a server misses that is stopped for a day`(_ engine: TestEngine) async throws {
        // 2027-01-15 08:00 UTC.
        let start: Int64 = 1_800_000_000
        let agents = ["hourly", "once", "soon"]
        try await withTime(from: start, on: engine, agents: agents) { server, time in
            try await server.run([
                .post("/v1/agents/{hourly}/schedule", Self.daily("0 * * * *"), expect: 200),
                .post(
                    "/v1/agents/{once}/schedule",
                    [
                        "messages": [["role": "user", "content": "once"]],
                        "schedule": ["type": "one-time", "scheduled_at": .int((start + 3_600) * 1_000)],
                    ], expect: 200),
                .post("/v1/agents/{soon}/schedule", Self.daily("59 9 * * *", "UTC"), expect: 200),
            ])
            try await server.whileStopped {
                // To 10:00:00 on the next day: the last time of `soon` is 60 seconds ago, the first of `hourly` 25 hours.
                time.clock.advance(by: .seconds(26 * 3_600))
            }
            try await settle(server, at: time.seconds)
            let sent = try await pass(to: time.seconds, server, time, agents)
            #expect(sent["once"] == Self.times("01-16T10:00"), "late, but sent")
            #expect(sent["hourly"] == Self.times("01-16T10:00"), "but for the one of this minute all are missed")
            #expect(sent["soon"] == [], "a minute is too late")
            let next = try await pass(to: start + 28 * 3_600, server, time, agents)
            #expect(next["hourly"] == Self.times("01-16T10:00", "01-16T11:00", "01-16T12:00"))
            #expect(next["once"]?.count == 1)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a message whose turn had not begun when the server stopped is sent by the next`(
        _ engine: TestEngine
    ) async throws {
        let start: Int64 = 1_800_000_000
        try await withTime(from: start, on: engine, agents: ["ann"]) { server, time in
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("slow")), .say("a"), .say("b"))
            let path = "/v1/agents/{ann}/schedule"
            try await server.run([
                .post("/v1/agents/{ann}/messages/async", ["input": "first"], expect: 200),
                .post(path, Self.daily("0 9 * * *", "UTC"), expect: 200).keep("daily"),
                .post(
                    path,
                    [
                        "messages": [["role": "user", "content": "once"]],
                        "schedule": ["type": "one-time", "scheduled_at": .int((start + 3_600) * 1_000)],
                    ], expect: 200
                ).keep("once"),
            ])
            await hold.reached()
            for _ in 0..<60 {
                await time.clock.waitForSleeper(dueWithin: WorkLoop.longestRest)
                time.clock.advance(by: .seconds(60))
            }
            // Both wait behind the first.
            _ = try await server.until("/v1/runs/?agent_id={ann}&active=true") { $0.array?.count == 3 }
            try await server.restart()
            try await settle(server, at: time.seconds)
            let said = try await server.said(by: server["ann"]).filter { $0.hasPrefix("user") }
            #expect(said.sorted() == ["user_message: again", "user_message: first", "user_message: once"])
            try await server.run([
                .get("\(path)/{once}", expect: 200, ["next_scheduled_time": nil]),
                .get("\(path)/{daily}", expect: 200, ["next_scheduled_time": "2027-01-16T09:00:00.000000Z"]),
            ])
            try await server.restart()
            #expect(try await server.said(by: server["ann"]).count { $0.hasPrefix("user") } == 3, "once")
        }
    }
}
