import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// What is used is summed up, and limited.
@Suite(.timeLimit(.minutes(5))) struct UsageTests {
    private static let prices = #"{"openai-proxy/gpt-4o-mini": {"input": 1, "cached_input": 0.5, "output": 2}}"#

    private func withUsage(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer, SettableTime) async throws -> Void
    ) async throws {
        let time = SettableTime()
        try await withServer(
            on: engine,
            {
                $0.environment = ["LETTA_MODEL_PRICES": Self.prices]
                $0.now = { time.now }
            },
            { server in
                for name in ["ann", "bob"] {
                    server[name] = try await server.newAgent(name, ["agent_type": "letta_v1_agent"])
                }
                try await body(server, time)
            })
    }

    @Test(arguments: Engines.all)
    func `tokens, turns and costs are summed up`(_ engine: TestEngine) async throws {
        try await withUsage(on: engine) { server, time in
            let other = try await server.addOrganization()
            try await server.run([
                .post(
                    "/v1/identities/", ["identifier_key": "u1", "name": "U", "identity_type": "user"], expect: 200
                ).keep("user"),
                .post("/v1/agents/{ann}/messages", ["input": "one"], expect: 200),
            ])
            time.pass(hours: 24)
            try await server.run([
                .post(
                    "/v1/agents/{ann}/messages",
                    ["messages": [["role": "user", "content": "two", "identity_id": "{user}"]]], expect: 200),
                .post("/v1/agents/{bob}/messages", ["input": "three"], expect: 200),
            ])
            try await server.restart()
            let all = try await server.get("/v1/usage/summary").expect(
                200,
                [
                    "start_date": "2026-12-17", "end_date": "2027-01-16", "has_more": false, "items": .elements(3),
                    "total": ["turns": 3, "steps": 3],
                ])
            let steps = try await server.get("/v1/steps/").json.array ?? []
            let (prompt, completion) = (
                steps.compactMap { $0["prompt_tokens"]?.int }.reduce(0, +),
                steps.compactMap { $0["completion_tokens"]?.int }.reduce(0, +)
            )
            #expect(prompt > 0 && all.json["total"]?["prompt_tokens"]?.int == prompt)
            #expect(all.json["total"]?["total_tokens"]?.int == prompt + completion)
            let cached = steps.compactMap { $0["cached_input_tokens"]?.int }.reduce(0, +)
            let cost = Double(prompt - cached) + Double(cached) * 0.5 + Double(completion) * 2
            let shown = try #require(all.json["total"]?["cost"]?.double)
            #expect(abs(shown * 1_000_000 - cost) < 0.001)
            try await server.run([
                .get(
                    "/v1/usage/summary?group_by=day", expect: 200,
                    [
                        "items": [
                            ["day": "2027-01-16", "agent_id": nil, "usage": ["turns": 2]],
                            ["day": "2027-01-15", "usage": ["turns": 1]],
                        ]
                    ]),
                .get(
                    "/v1/usage/summary?group_by=identity&identity_id={user}", expect: 200,
                    ["items": [["identity_id": "{user}", "usage": ["turns": 1, "steps": 1]]], "total": ["turns": 1]]),
                .get(
                    "/v1/usage/summary?group_by=agent&group_by=model&agent_id={bob}&limit=1", expect: 200,
                    ["items": [["agent_id": "{bob}", "model": "openai-proxy/gpt-4o-mini"]]]),
                .get("/v1/usage/summary?start_date=2027-01-16", expect: 200, ["total": ["turns": 2]]),
                .get("/v1/usage/summary?limit=1", expect: 200, ["items": .elements(1), "has_more": true]),
                .get("/v1/usage/summary?limit=0", expect: 422).field("limit"),
                .get("/v1/usage/summary?group_by=colour", expect: 422),
                .get("/v1/usage/summary", as: other, expect: 200, ["items": [], "total": ["turns": 0, "cost": nil]]),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `limits are set, read and removed`(_ engine: TestEngine) async throws {
        try await withUsage(on: engine) { server, _ in
            let other = try await server.addOrganization()
            try await server.run([
                .put(
                    "/v1/quotas/", ["agent_id": "{ann}", "tokens_per_day": 5, "cost_per_day": 0.5, "turns_per_day": 7],
                    expect: 200, ["id": .id("quota"), "used": ["turns": 0]]
                ).keep("quota"),
                .put("/v1/quotas/", ["agent_id": "{ann}", "turns_per_day": 8], expect: 200, ["id": "{quota}"]),
                .put("/v1/quotas/", ["agent_id": "{bob}", "cost_per_day": 0.25], expect: 200).keep("bobs"),
                .put("/v1/quotas/", ["agent_id": "{ann}"], expect: 422).field("tokens_per_day"),
                .put("/v1/quotas/", ["turns_per_day": 1], expect: 422).field("agent_id"),
                .put("/v1/quotas/", ["agent_id": "{ann}", "turns_per_day": -1], expect: 422).field("turns_per_day"),
                .put("/v1/quotas/", ["agent_id": "{ann}", "cost_per_day": -1], expect: 422).field("cost_per_day"),
                .put("/v1/quotas/", ["agent_id": .string("agent-\(nobody)"), "turns_per_day": 1], expect: 404),
                .put("/v1/quotas/", ["agent_id": "{ann}", "turns_per_day": 1], as: other, expect: 404),
            ])
            try await server.restart()
            try await server.run([
                .get("/v1/quotas/", expect: 200, [["id": "{bobs}", "cost_per_day": 0.25], ["id": "{quota}"]]),
                .get("/v1/quotas/?agent_id={ann}", expect: 200, [["id": "{quota}"]]),
                .get(
                    "/v1/quotas/{quota}", expect: 200,
                    [
                        "turns_per_day": 8, "tokens_per_day": nil, "cost_per_day": nil, "agent_id": "{ann}",
                        "resets_at": "2027-01-16T00:00:00.000000Z",
                    ]),
                .get("/v1/quotas/{quota}", as: other, expect: 404),
                .delete("/v1/quotas/{quota}", as: other, expect: 404),
                .delete("/v1/quotas/{quota}", expect: 200, nil),
                .get("/v1/quotas/{quota}", expect: 404),
                .delete("/v1/agents/{bob}", expect: 200),
                .get("/v1/quotas/", expect: 200, []).note("limits go with their agent"),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `turns beyond a limit are refused until the next day`(_ engine: TestEngine) async throws {
        try await withUsage(on: engine) { server, time in
            try await server.run([
                .put("/v1/quotas/", ["agent_id": "{ann}", "turns_per_day": 3], expect: 200)
            ])
            let statuses = try await withThrowingTaskGroup(of: Int.self, returning: [Int].self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await server.send(.post, "/v1/agents/{ann}/messages", ["input": .string("\(number)")])
                            .status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 200 } == 3 && statuses.count { $0 == 429 } == 5, "\(statuses)")
            let refused = try await server.send(.post, "/v1/agents/{ann}/messages", ["input": "x"]).expect(
                429,
                ["error": ["type": "quota_exceeded", "detail": .text(containing: "3 turns a day (used: 3)")]])
            #expect(refused.text.contains("2027-01-16T00:00:00.000000Z"))
            #expect(refused[header: "Retry-After"] == "57600")
            try await server.run([
                .post("/v1/agents/{ann}/messages/async", ["input": "later"], expect: 200).keep("run"),
                .post("/v1/agents/{bob}/messages", ["input": "x"], expect: 200),
            ])
            let run = try await server.until("/v1/runs/{run}") { $0["status"] == "failed" }
            #expect(run["stop_reason"] == "insufficient_credits")
            #expect(run["metadata"]?["error"]?.string?.contains("3 turns a day") == true)
            time.pass(hours: 16)
            try await server.run([.post("/v1/agents/{ann}/messages", ["input": "x"], expect: 200)])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a runaway agent stops at its limit`(_ engine: TestEngine) async throws {
        try await withUsage(on: engine) { server, _ in
            try await server.run([
                .put("/v1/quotas/", ["agent_id": "{ann}", "tokens_per_day": 20], expect: 200)
            ])
            let again = ScriptedModel.Play.call("conversation_search", ["query": "x"])
            server.model.play(again, again, again, again, again)
            try await server.run([
                .post(
                    "/v1/agents/{ann}/messages", ["input": "go"], expect: 429,
                    ["error": ["type": "quota_exceeded", "detail": .text(containing: "20 tokens a day")]])
            ])
            let runs = try await server.get("/v1/runs/?agent_id={ann}").json
            #expect(runs[0]?["stop_reason"] == "insufficient_credits" && runs[0]?["status"] == "failed")
            let steps = try await server.get("/v1/steps/?agent_id={ann}").ids.count
            #expect(steps == 2, "the step that reached the limit was the last")
            server.model.play()
        }
    }

    @Test(arguments: Engines.scenarios)
    func `keys and identities have limits, also in batches`(_ engine: TestEngine) async throws {
        try await withUsage(on: engine) { server, _ in
            let made = try await server.send(.post, "/v1/api-keys/", ["name": "k", "scopes": ["admin"]]).expect(200)
            server["key"] = made.id
            let caller = TestCaller.v1.with("Authorization", "Bearer \(made.json["key"]?.string ?? "")")
            let requests: [JSONValue] = ["one", "two", "three"].map {
                ["agent_id": "{ann}", "messages": [["role": "user", "content": .string($0)]]]
            }
            try await server.run([
                .post(
                    "/v1/identities/", ["identifier_key": "u1", "name": "U", "identity_type": "user"], expect: 200
                ).keep("user"),
                .put("/v1/quotas/", ["key_id": "{key}", "turns_per_day": 2], expect: 200),
                .put("/v1/quotas/", ["identity_id": "{user}", "turns_per_day": 0], expect: 200),
                .post(
                    "/v1/agents/{ann}/messages",
                    ["messages": [["role": "user", "content": "x", "identity_id": "{user}"]]], expect: 429,
                    ["error": ["detail": .text(containing: "identity {user}")]]),
                .post("/v1/messages/batches", ["requests": .array(requests)], as: caller, expect: 200).keep("batch"),
            ])
            let batch = try await server.until("/v1/messages/batches/{batch}") { $0["completed_at"] != .null }
            #expect(batch["metadata"]?["completed"]?.int == 2 && batch["metadata"]?["failed"]?.int == 1)
            #expect(
                batch["metadata"]?["errors"]?[0]?["error"]?.string?.contains("API key \(server["key"])") == true)
            try await server.run([
                .post("/v1/agents/{bob}/messages", ["input": "x"], as: caller, expect: 429),
                .post("/v1/agents/{bob}/messages", ["input": "x"], expect: 200).note(
                    "the owner's turns are not the key's"),
                .get(
                    "/v1/usage/summary?group_by=key&key_id={key}", expect: 200,
                    ["items": [["key_id": "{key}", "usage": ["turns": 2]]]]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a limit of an agent ends what its group says`(_ engine: TestEngine) async throws {
        try await withUsage(on: engine) { server, time in
            let group: JSONValue = [
                "agent_ids": ["{ann}", "{bob}"], "description": "d",
                "manager_config": ["manager_type": "round_robin", "max_turns": 4],
            ]
            let hello: JSONValue = ["messages": [["role": "user", "content": "hello"]]]
            try await server.run([
                .put("/v1/quotas/", ["agent_id": "{ann}", "turns_per_day": 1], expect: 200),
                .post("/v1/groups/", group, expect: 200).keep("group"),
                .post(
                    "/v1/groups/{group}/messages", hello, expect: 429,
                    ["error": ["type": "quota_exceeded", "detail": .text(containing: "agent {ann} is 1 turns a day")]]),
                .get(
                    "/v1/usage/summary?group_by=agent&agent_id={ann}", expect: 200, ["total": ["turns": 1, "steps": 1]]),
                .get("/v1/usage/summary?group_by=agent&agent_id={bob}", expect: 200, ["total": ["turns": 1]]),
                .get("/v1/runs/?agent_id={ann}&stop_reason=insufficient_credits", expect: 200, .elements(1)),
            ])
            let said = try await server.get("/v1/groups/{group}/messages?order=asc").json.array ?? []
            #expect(
                said.compactMap { $0["message_type"]?.string } == ["user_message"] + [
                    "assistant_message", "assistant_message",
                ])
            time.pass(hours: 24)
            try await server.run([
                .put("/v1/quotas/", ["agent_id": "{ann}", "turns_per_day": 2], expect: 200),
                .post("/v1/groups/{group}/messages", hello, expect: 200, ["usage": ["step_count": 4]]),
                .get("/v1/usage/summary?agent_id={ann}", expect: 200, ["total": ["turns": 3]]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a limit of a key holds for what it has scheduled`(_ engine: TestEngine) async throws {
        try await withUsage(on: engine) { server, time in
            let made = try await server.send(.post, "/v1/api-keys/", ["name": "k", "scopes": ["admin"]]).expect(200)
            server["key"] = made.id
            let caller = TestCaller.v1.with("Authorization", "Bearer \(made.json["key"]?.string ?? "")")
            func scheduled(_ text: String) -> JSONValue {
                [
                    "messages": [["role": "user", "content": .string(text)]],
                    "schedule": ["type": "one-time", "scheduled_at": .int(time.now.microseconds / 1_000)],
                ]
            }
            try await server.run([
                .put("/v1/quotas/", ["key_id": "{key}", "turns_per_day": 1], expect: 200),
                .post("/v1/agents/{ann}/schedule", scheduled("first"), as: caller, expect: 200),
            ])
            _ = try await server.until("/v1/runs/?agent_id={ann}") { $0[0]?["status"] == "completed" }
            try await server.run([.post("/v1/agents/{bob}/schedule", scheduled("second"), as: caller, expect: 200)])
            let runs = try await server.until("/v1/runs/?agent_id={bob}") { $0[0]?["status"] == "failed" }
            #expect(runs[0]?["stop_reason"] == "insufficient_credits")
            #expect(runs[0]?["metadata"]?["error"]?.string?.contains("API key \(server["key"])") == true)
            #expect(try await server.said(by: server["bob"]).isEmpty, "the agent has not read it")
            try await server.run([
                .get("/v1/usage/summary?key_id={key}", expect: 200, ["total": ["turns": 1, "steps": 1]]),
                .post("/v1/agents/{bob}/schedule", scheduled("third"), expect: 200).note("the owner's own"),
            ])
            _ = try await server.until("/v1/runs/?agent_id={bob}") { $0[0]?["status"] == "completed" }
            #expect(try await server.said(by: server["bob"]).contains("user_message: third"))
        }
    }
}
