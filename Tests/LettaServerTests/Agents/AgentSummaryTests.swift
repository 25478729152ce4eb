import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Agents at a glance.
@Suite(.timeLimit(.minutes(5))) struct AgentSummaryTests {
    private static let prices = #"{"openai-proxy/gpt-4o-mini": {"input": 1, "cached_input": 0.5, "output": 2}}"#

    /// The names that the list shows, as one word.
    private func list(_ server: TestServer, _ query: String) async throws -> String {
        let answer = try await server.get("/v1/server/agents?\(query)").expect(200)
        return (answer.json.array ?? []).compactMap { $0["name"]?.string }.joined()
    }

    /// Agents a to e: one waits, one has failed, one ran, and two never did.
    private func seed(_ server: TestServer) async throws {
        for name in ["c", "a", "e", "b", "d"] {
            server[name] = try await server.newAgent(
                name, ["agent_type": "letta_v1_agent", "tags": name < "c" ? ["early"] : []])
        }
        try await server.send(
            .patch, "/v1/agents/\(server["a"])/tools/approval/memory_insert", ["requires_approval": true]
        ).expect(200)
        server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"], id: "call_7"))
        try await server.say("one", to: server["a"]).expect(200, ["stop_reason": ["stop_reason": "requires_approval"]])
        server.model.play(.fail(.authentication))
        _ = try await server.say("two", to: server["b"])
        server.model.play(.say("fine"))
        try await server.say("three", to: server["c"]).expect(200)
    }

    @Test(arguments: Engines.all)
    func `each agent shows what it does and used`(_ engine: TestEngine) async throws {
        try await withServer(on: engine, { $0.environment = ["LETTA_MODEL_PRICES": Self.prices] }) { server in
            try await seed(server)
            let other = try await server.addOrganization()
            try await server.restart()
            let all = try await server.get("/v1/server/agents?order_by=name").expect(
                200,
                [
                    [
                        "id": .string(server["a"]), "name": "a", "tags": ["early"], "state": "waiting",
                        "last_stop_reason": "requires_approval", "model": model, "block_count": .anything,
                    ],
                    ["name": "b", "state": "failed", "context_tokens": nil, "cost": nil],
                    [
                        "name": "c", "state": "idle", "last_stop_reason": "end_turn", "tags": [],
                        "last_run_completion": .anything,
                    ],
                    ["name": "d", "state": "idle", "last_run_completion": nil, "context_tokens": nil, "cost": nil],
                    ["name": "e"],
                ])
            let third = try #require(all.json[2])
            let step = try await server.get("/v1/steps/?agent_id=\(server["c"])").json[0]
            #expect(third["context_tokens"] == step?["total_tokens"])
            let used = try await server.get("/v1/usage/summary?agent_id=\(server["c"])").json["total"]?["cost"]
            #expect(third["cost"]?.double ?? 0 > 0 && third["cost"] == used)
            #expect(third["message_count"]?.int ?? 0 >= 3)
            #expect(all.text.utf8.count < 5 * 1_000, "an agent has 20 kB")
            try await server.get("/v1/server/agents", as: other).expect(200, [])
        }
    }

    @Test(arguments: Engines.all)
    func `filters, orders and pages`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let ann = try await server.send(
                .post, "/v1/identities/", ["identifier_key": "ann", "name": "Ann", "identity_type": "user"])
            server["ann"] = ann.id
            try await server.send(.patch, "/v1/agents/{b}/identities/attach/{ann}").expect(200)
            for (query, names) in [
                ("order_by=name", "abcde"), ("order_by=name&order=desc", "edcba"), ("", "dbeac"),
                ("order=asc", "caebd"),
                ("order_by=name&limit=2", "ab"), ("order_by=name&limit=2&after={b}", "cd"),
                ("order_by=name&before={c}", "ab"), ("order_by=last_run_completion&limit=3", "cba"),
                ("state=waiting", "a"), ("state=failed", "b"), ("state=running", ""), ("state=idle", "dec"),
                ("tag=early&order_by=name", "ab"), ("tag=none", ""), ("query=B", "b"), ("query=%25", ""),
                ("model=openai-proxy/gpt-4o-mini&order_by=name", "abcde"), ("model=other", ""),
                ("state=idle&query=c&tag=early", ""),
                ("identity_id={ann}", "b"), ("identity_id=identity-none", ""), ("project_id=none", ""),
                ("nearly_full=true", ""), ("nearly_full=false&order_by=name", "abcde"),
            ] {
                #expect(try await list(server, query) == names, "\(query)")
            }
            try await server.run([
                .patch("/v1/agents/{c}", ["context_window_limit": 5], expect: 200),
                .get("/v1/server/agents?nearly_full=true", expect: 200, [["name": "c"]]),
                .get("/v1/server/agents?state=tired", expect: 422).field("state"),
                .get("/v1/server/agents?order_by=price", expect: 422).field("order_by"),
                .get("/v1/server/agents?limit=-1", expect: 422).field("limit"),
                .patch("/v1/agents/{e}", ["hidden": true], expect: 200),
                .get("/v1/server/agents?query=e", expect: 200, []),
            ])
        }
    }

    /// Those with a known cost first, whichever way; pages of one size show each agent once, also past one that is deleted.
    @Test(arguments: Engines.all)
    func `agents are in order of what they cost`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(
            on: engine,
            {
                $0.environment = ["LETTA_MODEL_PRICES": Self.prices]
                $0.now = { time.now }
            }
        ) { server in
            for name in ["a", "b", "c", "d", "e", "f"] { server[name] = try await server.newAgent(name) }
            // What f used is too long ago.
            for (name, turns) in [("f", 9), ("b", 3), ("d", 1), ("e", 2)] {
                for _ in 0..<turns { try await server.say("Hi", to: server[name]).expect(200) }
                if name == "f" { time.pass(hours: 24 * 31) }
            }
            let none = [server["a"], server["c"], server["f"]].sorted()
            let most = [server["b"], server["e"], server["d"]]
            let orders = [
                "": most + none.reversed(), "&order=asc": most.reversed() + none, "&state=idle": most + none.reversed(),
                "&model=other": [],
            ]
            for (query, expected) in orders {
                let path = "/v1/server/agents?order_by=cost\(query)"
                let all = try await server.get(path).expect(200)
                #expect(all.ids == expected, "\(query)")
                for size in 1...4 {
                    var (ids, page): ([String], [String]) = ([], [])
                    repeat {
                        let after = ids.last.map { "&after=\($0)" } ?? ""
                        page = try await server.get("\(path)&limit=\(size)\(after)").expect(200).ids
                        ids += page
                    } while page.count == size && ids.count <= 6
                    #expect(ids == expected, "\(query), pages of \(size)")
                }
            }
            let before = try await server.get("/v1/server/agents?order_by=cost&limit=2&before=\(most[2])")
            #expect(before.ids == Array(most.prefix(2)))
            let other = try await server.addOrganization()
            try await server.get("/v1/server/agents?order_by=cost", as: other).expect(200, [])
            try await server.run([.delete("/v1/agents/{e}", expect: 200)])
            let rest = try await server.get("/v1/server/agents?order_by=cost&after=\(most[1])").expect(200)
            #expect(rest.ids == [most[2]] + none.reversed())
        }
    }

    @Test func `an agent at work is shown as such`() async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("late")))
            async let answer = server.say("Hi", to: agent)
            await hold.reached()
            try await server.get("/v1/server/agents?state=running").expect(200, [["id": .string(agent)]])
            hold.release()
            try await answer.expect(200)
            try await server.get("/v1/server/agents").expect(200, [["state": "idle"]])
        }
    }

    /// Whoever has many agents pays for those that are shown.
    @Test(arguments: Engines.all)
    func `a page takes as many statements for many agents as for one`(_ engine: TestEngine) async throws {
        let statements = Counter()
        try await withServer(
            on: engine, { $0.wrapStorage = { CountingStorage(base: $0, statements: statements) } }
        ) { server in
            var counts: [Int64] = []
            for count in [1, 20] {
                for number in 0..<count { _ = try await server.newAgent("agent \(count) \(number)") }
                _ = statements.take()
                for order in ["created_at", "cost"] {
                    _ = try await server.get("/v1/server/agents?limit=50&order_by=\(order)").expect(200)
                }
                counts.append(statements.take())
            }
            #expect(counts[0] == counts[1], "\(counts)")
        }
    }
}
