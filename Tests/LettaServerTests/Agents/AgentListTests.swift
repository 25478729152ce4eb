import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// Which agents lists show, in which order, and where pages begin and end.
@Suite(.timeLimit(.minutes(5))) struct AgentListTests {
    /// Five agents, a to e, made one after the other.
    private func seed(_ server: TestServer) async throws {
        for name in ["a", "b", "c", "d", "e"] { server[name] = try await server.newAgent("agent \(name)") }
    }

    /// The names that the list shows, as one word.
    private func list(_ server: TestServer, _ query: String) async throws -> String {
        let answer = try await server.get("/v1/agents/?\(query)")
        #expect(answer.status == 200, "\(query): \(answer.text)")
        return (answer.json.array ?? []).compactMap { $0["name"]?.string?.last.map(String.init) }.joined()
    }

    private static let pages = [
        ("", "edcba"), ("order=asc", "abcde"), ("order=desc", "edcba"), ("ascending=true", "abcde"),
        ("order_by=created_at&order=asc", "abcde"), ("order_by=updated_at", "bedca"),
        ("order_by=updated_at&order=asc", "acdeb"), ("sort_by=updated_at", "bedca"), ("sort_by=zzz", "edcba"),
        ("order_by=last_run_completion", "cabed"), ("order_by=last_run_completion&order=asc", "acbde"),
        ("limit=2", "ed"), ("limit=2&after={d}", "cb"), ("limit=2&before={b}", "dc"), ("before={b}", "edc"),
        ("after={d}&before={a}", "cb"), ("after={d}&before={a}&limit=1", "c"), ("limit=0", "edcba"),
        ("limit=100000", "edcba"), ("limit=9223372036854775807", "edcba"), ("after={a}", ""), ("before={e}", ""),
        ("order=asc&limit=2&after={b}", "cd"), ("order=asc&limit=2&before={d}", "bc"),
        ("order_by=updated_at&limit=1&after={e}", "d"), ("order_by=updated_at&limit=2&before={c}", "ed"),
        ("order_by=last_run_completion&limit=2&after={c}", "ab"),
        ("order_by=last_run_completion&limit=2&after={a}", "be"),
        ("order_by=last_run_completion&order=asc&after={c}", "bde"),
        ("order_by=last_run_completion&order=asc&before={d}", "acb"),
        ("after=agent-\(nobody)", "edcba"), ("before=zzz&limit=3", "edc"), ("after=", "edcba"),
    ]

    @Test(arguments: Engines.all)
    func `orders, limits and cursors`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            // The order of the last runs is a, c; b, d and e never ran. The last change was to b.
            try await server.run([
                .patch("/v1/agents/{a}", ["last_run_completion": "2026-01-01T00:00:00Z"], expect: 200),
                .patch("/v1/agents/{c}", ["last_run_completion": "2026-01-02T00:00:00Z"], expect: 200),
                .patch("/v1/agents/{d}", ["description": "x"], expect: 200),
                .patch("/v1/agents/{e}", ["description": "x"], expect: 200),
                .patch("/v1/agents/{b}", ["description": "x"], expect: 200),
            ])
            for (query, names) in Self.pages {
                let shown = try await list(server, query)
                if query.contains("last_run_completion") {
                    // Nulls come last in both directions; among them the id decides.
                    #expect(shown.filter { "ac".contains($0) } == names.filter { "ac".contains($0) }, "\(query)")
                } else {
                    #expect(shown == names, "\(query)")
                }
            }
            try await server.run([
                .get("/v1/agents/?limit=-1", expect: 422).field("limit"),
                .get("/v1/agents/?limit=abc", expect: 422).field("limit"),
                .get("/v1/agents/?limit=9223372036854775808", expect: 422).field("limit"),
                .get("/v1/agents/?order=up", expect: 422).field("order"),
                .get("/v1/agents/?order_by=name", expect: 422).field("order_by"),
                .get("/v1/agents/?zzz=1", expect: 200, .elements(5)),
            ])
        }
    }

    @Test(arguments: Engines.scenarios, ["created_at", "updated_at", "last_run_completion"])
    func `pages put together are the whole list`(_ engine: TestEngine, _ key: String) async throws {
        for order in ["asc", "desc"] { try await checkPages(engine, key, order) }
    }

    private func checkPages(_ engine: TestEngine, _ key: String, _ order: String) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            for (name, day) in [("a", 3), ("d", 2), ("e", 3)] {
                let time: JSONValue = "2026-01-0\(day)T00:00:00Z"
                try await server.run([.patch("/v1/agents/{\(name)}", ["last_run_completion": time], expect: 200)])
            }
            let whole = try await server.get("/v1/agents/?order_by=\(key)&order=\(order)").ids
            #expect(Set(whole).count == 5)
            var forth: [String] = []
            for _ in 0..<20 {
                let page = try await page(server, key, order, forth.last.map { "&after=\($0)" } ?? "")
                if page.isEmpty { break }
                forth += page
            }
            #expect(forth == whole)
            var back = [whole[4]]
            for _ in 0..<20 {
                let page = try await page(server, key, order, "&before=\(back[0])")
                if page.isEmpty { break }
                back = page + back
            }
            #expect(back == whole)
        }
    }

    private func page(_ server: TestServer, _ key: String, _ order: String, _ cursor: String) async throws -> [String] {
        try await server.get("/v1/agents/?order_by=\(key)&order=\(order)&limit=2\(cursor)").ids
    }

    @Test(arguments: Engines.all)
    func `a cursor of a deleted agent keeps its place`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            try await server.run([
                .patch("/v1/agents/{c}", ["last_run_completion": "2026-01-01T00:00:00Z"], expect: 200),
                .patch("/v1/agents/{a}", ["last_run_completion": "2026-01-02T00:00:00Z"], expect: 200),
                .delete("/v1/agents/{c}", expect: 200, ["message": "Agent id={c} successfully deleted"]),
                .delete("/v1/agents/{c}", expect: 404),
            ])
            for attempt in 0..<2 {
                #expect(try await list(server, "limit=2&after={c}") == "ba")
                #expect(try await list(server, "limit=1&before={c}") == "d")
                #expect(try await list(server, "order=asc&after={c}") == "de")
                #expect(try await list(server, "order_by=last_run_completion&before={c}") == "a")
                #expect(try await list(server, "order_by=last_run_completion&after={c}").count == 3)
                if attempt == 0 { try await server.restart() }
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `agents of one instant still have one order`(_ engine: TestEngine) async throws {
        let instant = Timestamp(microseconds: 1_700_000_000_000_000)
        try await withServer(on: engine, { $0.now = { instant } }) { server in
            for _ in 0..<7 { try await server.newAgent("Ada") }
            let whole = try await server.get("/v1/agents/?order=asc").ids
            #expect(whole == whole.sorted())
            var pages: [String] = []
            for _ in 0..<20 {
                let cursor = pages.last.map { "&after=\($0)" } ?? ""
                let page = try await server.get("/v1/agents/?order=asc&limit=2\(cursor)").ids
                if page.isEmpty { break }
                pages += page
            }
            #expect(pages == whole)
        }
    }

    @Test(arguments: Engines.all)
    func `filters`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.newAgent("agent a", ["tags": ["x", "y"], "project_id": "p"])
            try await server.newAgent("agent b", ["tags": ["y"], "template_id": "t"])
            try await server.newAgent("Böse_50 c", ["base_template_id": "t"])
            let hidden = try await server.newAgent("agent d", ["hidden": true, "tags": ["x"]])
            try await server.run([.patch("/v1/agents/\(hidden)", ["last_stop_reason": "error"], expect: 200)])
            let rows = [
                ("name=agent%20a", "a"), ("name=agent", ""), ("name=Agent%20a", ""), ("tags=x", "a"), ("tags=y", "ba"),
                ("tags=x&tags=y", "ba"), ("tags=x&tags=y&match_all_tags=true", "a"), ("tags=z", ""),
                ("tags=x&tags=x&match_all_tags=true", "a"), ("query_text=AGENT", "ba"), ("query_text=%25", ""),
                ("query_text=BöSE", "c"),
                ("query_text=_", "c"), ("query_text=50%20C", "c"), ("query_text=zzz", ""), ("project_id=p", "a"),
                ("template_id=t", "b"), ("base_template_id=t", "c"), ("show_hidden_agents=true", "dcba"),
                ("show_hidden_agents=true&tags=x", "da"), ("last_stop_reason=error", ""),
                ("last_stop_reason=error&show_hidden_agents=true", "d"), ("identity_id=i", ""),
                ("identifier_keys=k", ""), ("created_by_id=user-00000000-0000-4000-8000-000000000000", "cba"),
                ("created_by_id=x", ""),
            ]
            for (query, names) in rows {
                #expect(try await list(server, query) == names, "\(query)")
                let count = try await server.get("/v1/agents/count?\(query)").json
                #expect(count == .int(Int64(names.count)), "\(query)")
            }
            try await server.run([
                .get("/v1/_internal_agents/count", expect: 200, 3),
                .get("/v1/_internal_agents/count?exclude_hidden=false", expect: 200, 4),
                .get("/v1/tags/", expect: 200, ["x", "y"]),
                .get("/v1/tags/?order=desc&limit=1", expect: 200, ["y"]),
                .get("/v1/tags/?after=x", expect: 200, ["y"]),
                .get("/v1/tags/?before=y", expect: 200, ["x"]),
                .get("/v1/tags/?query_text=Y", expect: 200, ["y"]),
                .get("/v1/tags/?name=q", expect: 200, []),
                .get("/v1/tags/?limit=-1", expect: 422).field("limit"),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `searches`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for name in ["ann", "bob", "anna"] {
                server[name] = try await server.newAgent(name, ["tags": ["t", .string(name)], "template_id": "v1"])
            }
            let path = "/v1/agents/search"
            try await server.run([
                .post(
                    path, [:], expect: 200,
                    ["agents": [["name": "anna"], ["name": "bob"], ["name": "ann"]], "nextCursor": nil]),
                .post(
                    path, ["search": [["field": "name", "operator": "eq", "value": "ann"]]], expect: 200,
                    ["agents": [["id": "{ann}"]]]),
                .post(
                    path, ["search": [["field": "name", "operator": "contains", "value": "NN"]]], expect: 200,
                    ["agents": .elements(2)]),
                .post(
                    path, ["search": [["field": "tags", "operator": "contains", "value": ["t", "bob"]]]], expect: 200,
                    ["agents": [["id": "{bob}"]]]),
                .post(
                    path, ["search": [["field": "tags", "operator": "contains", "value": []]]], expect: 200,
                    ["agents": .elements(3)]),
                .post(path, ["search": [["field": "version", "value": "v1"]]], expect: 200, ["agents": .elements(3)]),
                .post(
                    path, ["search": [["field": "identity", "operator": "eq", "value": "x"]]], expect: 200,
                    ["agents": []]),
                .post(path, ["limit": 2], expect: 200, ["agents": .elements(2), "nextCursor": "{bob}"]),
                .post(
                    path, ["limit": 2, "after": "{bob}"], expect: 200, ["agents": [["id": "{ann}"]], "nextCursor": nil]),
                .post(
                    path, ["ascending": true, "sortBy": "updated_at", "limit": 1], expect: 200,
                    ["agents": [["id": "{ann}"]]]),
                .post(path, ["search": [["field": "zzz", "value": "x"]]], expect: 422).field("search.0"),
                .post(path, ["search": [["field": "name", "operator": "like", "value": "x"]]], expect: 422).field(
                    "search.0"),
                .post(path, ["limit": -1], expect: 422),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what is loaded beside the agent depends on the client`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let block: JSONValue = ["label": "human"]
            server["agent"] = try await server.newAgent(
                "a", ["tags": ["t"], "memory_blocks": [block], "secrets": ["K": "v"]])
            let everything: JSONValue = [
                "tags": ["t"], "blocks": .elements(1), "tools": .elements(3), "secrets": .elements(1),
                "memory": ["blocks": .elements(1)], "tool_exec_environment_variables": .elements(1),
            ]
            let nothing: JSONValue = ["tags": [], "blocks": [], "tools": [], "secrets": [], "memory": ["blocks": []]]
            for (path, wrap) in [("/v1/agents/{agent}", false), ("/v1/agents/", true)] {
                let shown: (JSONValue) -> JSONValue = { wrap ? [$0] : $0 }
                try await server.run([
                    .get(path, as: .legacy, expect: 200, shown(everything)),
                    .get(path, expect: 200, shown(nothing)),
                    .get(path, as: TestCaller(headers: [:]), expect: 200, shown(nothing)),
                    .get(
                        path, as: TestCaller(headers: ["User-Agent": "letta-client/1.2.0"]), expect: 200, shown(nothing)
                    ),
                    .get(
                        path, as: TestCaller(headers: ["User-Agent": "letta-client/0.1.3"]), expect: 200,
                        shown(everything)),
                    .get(
                        "\(path)?include=agent.blocks&include=agent.tags", expect: 200,
                        shown(["tags": ["t"], "blocks": .elements(1), "tools": []])),
                    .get("\(path)?include=agent.secrets", expect: 200, shown(["secrets": .elements(1), "tags": []])),
                    .get("\(path)?include=agent.tools", as: .legacy, expect: 200, shown(everything)).note(
                        "older clients get all"),
                    .get(
                        "\(path)?include_relationships=tags", as: .legacy, expect: 200,
                        shown(["tags": ["t"], "tools": [], "blocks": []])),
                    .get("\(path)?include_relationships=zzz", as: .legacy, expect: 200, shown(nothing)),
                    .get("\(path)?include=agent.zzz", expect: 422).field("include"),
                ])
            }
        }
    }
}
