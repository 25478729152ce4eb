import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// The whole server at a glance.
@Suite(.timeLimit(.minutes(5))) struct OverviewTests {
    private static let prices = #"{"openai-proxy/gpt-4o-mini": {"input": 1, "cached_input": 0.5, "output": 2}}"#

    private func withOverview(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer, SettableTime) async throws -> Void
    ) async throws {
        let time = SettableTime()
        try await withServer(
            on: engine,
            {
                $0.environment = ["LETTA_MODEL_PRICES": Self.prices]
                $0.now = { time.now }
            }, { server in try await body(server, time) })
    }

    @Test(arguments: Engines.all)
    func `it has what needs somebody, what ran and what was used`(_ engine: TestEngine) async throws {
        try await withOverview(on: engine) { server, time in
            try await server.get("/v1/server/overview").expect(
                200,
                [
                    "period": "24h", "agent_count": 0, "run_count": 0, "median_turn_ms": nil, "runs": [], "agents": [],
                    "needs": ["approvals": [], "approval_count": 0, "failed_runs": [], "checks": .anything],
                    "usage": ["total_tokens": 0, "cost": nil],
                ])
            for name in ["ann", "bob"] {
                server[name] = try await server.newAgent(name, ["agent_type": "letta_v1_agent"])
            }
            try await server.send(
                .patch, "/v1/agents/\(server["ann"])/tools/approval/memory_insert", ["requires_approval": true]
            ).expect(200)
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"], id: "call_7"))
            try await server.say("one", to: server["ann"]).expect(200)
            server.model.play(.fail(.authentication))
            _ = try await server.say("two", to: server["bob"])
            try await server.restart()
            let overview = try await server.get("/v1/server/overview").expect(
                200,
                [
                    "agent_count": 2, "running_count": 0, "run_count": 2, "failed_run_count": 1,
                    "needs": [
                        "approval_count": 1, "failed_runs": [["agent_id": .string(server["bob"])]],
                        "approvals": [["agent_id": .string(server["ann"]), "tool_calls": [["name": "memory_insert"]]]],
                    ],
                    "agents": [["name": "bob", "state": "failed"], ["name": "ann", "state": "waiting"]],
                    "runs": [["status": "failed"], ["status": "completed"]], "median_turn_ms": .anything,
                    "names": .object([server["ann"]: "ann", server["bob"]: "bob"]),
                ])
            let used = try await server.get("/v1/usage/summary").json["total"]
            for field in ["total_tokens", "steps", "cost", "turns"] {
                #expect(overview.json["usage"]?[field] == used?[field], "\(field)")
            }
            let buckets = overview.json["buckets"]?.array ?? []
            #expect(buckets.count == 25 && buckets.last?["tokens"] == used?["total_tokens"])

            time.pass(hours: 48)
            try await server.get("/v1/server/overview?period=24h").expect(
                200,
                ["run_count": 0, "usage": ["total_tokens": 0], "needs": ["failed_runs": [], "approval_count": 1]])
            for (period, days) in [("7d", 7), ("30d", 30)] {
                let overview = try await server.get("/v1/server/overview?period=\(period)").expect(
                    200, ["period": .string(period), "run_count": 2, "failed_run_count": 1])
                let buckets = overview.json["buckets"]?.array ?? []
                #expect(buckets.count == days && buckets[days - 3]["tokens"] == used?["total_tokens"])
                #expect(overview.json["usage"]?["cost"] == used?["cost"])
            }
            try await server.run([.get("/v1/server/overview?period=1y", expect: 422).field("period")])
            let other = try await server.addOrganization()
            try await server.get("/v1/server/overview?period=7d", as: other).expect(
                200, ["agent_count": 0, "run_count": 0, "usage": ["total_tokens": 0], "names": [:]])
        }
    }

    @Test(arguments: Engines.all)
    func `a failure is over once its agent has completed a run`(_ engine: TestEngine) async throws {
        try await withOverview(on: engine) { server, time in
            func failing() async throws -> [String] {
                time.pass(hours: 1)
                let runs = try await server.get("/v1/server/overview").expect(200).json["needs"]?["failed_runs"]?.array
                return try #require(runs).compactMap { $0["agent_id"]?.string }
            }
            let (ann, bob) = (try await server.newAgent("ann"), try await server.newAgent("bob"))
            for agent in [ann, bob, ann] {
                server.model.play(.fail(.authentication))
                _ = try await server.say("Hi", to: agent)
                time.pass(hours: 1)
            }
            #expect(try await failing() == [ann, bob, ann])
            try await server.say("Hi again", to: ann).expect(200)
            #expect(try await failing() == [bob])
            server.model.play(.fail(.authentication))
            _ = try await server.say("Hi", to: ann)
            #expect(try await failing() == [ann, bob])
        }
    }

    @Test func `a key that may not administer is not told what fails of the server`() async throws {
        try await withServer(on: .sqlite) { server in
            try await server.run([
                .put("/v1/tools/mcp/servers", ["server_name": "bad", "server_url": "http://b"], expect: 200)
            ])
            try await server.storage.write { db in try db.execute("UPDATE mcp_server SET last_error = 'no route'") }
            for (scope, seen) in [("read", false), ("admin", true)] {
                let made = try await server.send(
                    .post, "/v1/api-keys/", ["name": .string(scope), "scopes": [.string(scope)]])
                let caller = TestCaller.v1.with("Authorization", "Bearer \(try #require(made.json["key"]?.string))")
                let answer = try await server.get("/v1/server/overview", as: caller).expect(200)
                #expect(answer.text.contains("no route") == seen)
                try await server.get("/v1/server/checks", as: caller).expect(seen ? 200 : 403)
            }
        }
    }

    /// It is read every few seconds.
    @Test(arguments: Engines.all)
    func `its size and its statements do not grow with what there is`(_ engine: TestEngine) async throws {
        let statements = Counter()
        try await withServer(
            on: engine, { $0.wrapStorage = { CountingStorage(base: $0, statements: statements) } }
        ) { server in
            var (counts, sizes): ([Int64], [Int]) = ([], [])
            for count in [15, 30] {
                for number in 0..<count {
                    let agent = try await server.newAgent("agent \(count) \(number)")
                    try await server.say("Hi", to: agent).expect(200)
                }
                // What is done in the background beside one of the reads is not theirs.
                var reads: [Int64] = []
                for _ in 0..<4 {
                    _ = statements.take()
                    _ = try await server.get("/v1/server/overview").expect(200)
                    reads.append(statements.take())
                }
                counts.append(try #require(reads.min()))
                sizes.append(try await server.get("/v1/server/overview").expect(200).text.utf8.count)
            }
            #expect(counts[0] == counts[1], "\(counts)")
            #expect(sizes[1] < sizes[0] + 200, "\(sizes)")
        }
    }
}
