import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// Messages for many agents at once.
@Suite(.timeLimit(.minutes(2))) struct BatchTests {
    /// An agent whose context is empty at first.
    private static let plain: JSONObject = ["agent_type": "letta_v1_agent"]

    static func request(_ agent: String, _ text: String) -> JSONValue {
        ["agent_id": .string(agent), "messages": [["role": "user", "content": .string(text)]]]
    }

    /// The batch once it has ended: its runs tell, but nothing tells when the last of them is counted.
    static func ended(_ id: String, _ server: TestServer) async throws -> JSONValue {
        try await server.until("/v1/messages/batches/\(id)") {
            ["completed", "failed", "cancelled"].contains($0["status"]?.string)
        }
    }

    @Test(arguments: Engines.all)
    func `a batch is made, runs, is read and listed`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let other = try await server.addOrganization()
            server["ann"] = try await server.newAgent("ann", Self.plain)
            server["bob"] = try await server.newAgent("bob", Self.plain)
            server["theirs"] = try await server.newAgent("theirs", Self.plain, as: other)
            try await server.run([
                .post(
                    "/v1/messages/batches",
                    ["requests": [Self.request("{ann}", "one"), Self.request("{bob}", "two")]], expect: 200,
                    [
                        "id": .id("job"), "job_type": "batch", "status": "created", "user_id": .id("user"),
                        "callback_url": nil, "metadata": ["job_type": "batch_messages", "item_count": 2],
                    ]
                ).keep("batch"),
                .post("/v1/messages/batches", ["requests": []], expect: 422).field("requests"),
                .post("/v1/messages/batches", [:], expect: 422).field("requests"),
                .post(
                    "/v1/messages/batches", ["requests": [["agent_id": "{ann}", "messages": []]]], expect: 422
                ).field("requests"),
                .post(
                    "/v1/messages/batches",
                    ["requests": [Self.request("{ann}", "x"), Self.request("agent-\(nobody)", "x")]], expect: 404),
                .post("/v1/messages/batches", ["requests": [Self.request("{theirs}", "x")]], expect: 404),
            ])
            let first = try await Self.ended(server["batch"], server)
            #expect(first["status"] == "completed" && first["completed_at"] != .null)
            #expect(first["metadata"]?["completed"]?.int == 2 && first["metadata"]?["failed"]?.int == 0)
            try await server.run([
                .post("/v1/messages/batches", ["requests": [Self.request("{bob}", "three")]], expect: 200).keep(
                    "second")
            ])
            _ = try await Self.ended(server["second"], server)
            try await server.restart()
            let list = try await server.get("/v1/messages/batches?limit=1")
            #expect(list.ids == [server["second"]] && list[header: "Link"]?.contains("after=") == true)
            let said = try await server.get("/v1/messages/batches/{batch}/messages?limit=1&order=asc")
            #expect(said.json["messages"]?.array?.count == 1 && said[header: "Link"] != nil)
            try await server.run([
                .get("/v1/messages/batches", expect: 200, [["id": "{second}"], ["id": "{batch}"]]),
                .get("/v1/messages/batches?order=asc&after={batch}", expect: 200, [["id": "{second}"]]),
                .get("/v1/messages/batches/{batch}", expect: 200, ["id": "{batch}", "status": "completed"]),
                .get("/v1/messages/batches/job-\(nobody)", expect: 404),
                .get("/v1/messages/batches/{batch}", as: other, expect: 404),
                .get("/v1/messages/batches", as: other, expect: 200, []),
                .get("/v1/messages/batches/{batch}/messages", as: other, expect: 404),
                .get("/v1/messages/batches/{batch}/messages", expect: 200, ["messages": .elements(2)]),
                .get(
                    "/v1/messages/batches/{batch}/messages?agent_id={ann}", expect: 200,
                    [
                        "messages": [
                            [
                                "agent_id": "{ann}", "role": "assistant", "batch_item_id": .id("batch_item"),
                                "run_id": .id("run"), "content": [["type": "text", "text": "ok"]],
                            ]
                        ]
                    ]),
                .patch("/v1/messages/batches/{batch}/cancel", as: other, expect: 404),
                .patch("/v1/messages/batches/{batch}/cancel", expect: 200, nil).note("too late"),
                .get("/v1/messages/batches/{batch}", expect: 200, ["status": "completed"]),
                .get("/v1/jobs/", expect: 200, [["id": "{second}"], ["id": "{batch}"]]),
            ])
            for (agent, texts) in [("ann", ["one"]), ("bob", ["two", "three"])] {
                #expect(
                    try await server.said(by: server[agent]).filter { $0.hasPrefix("user") }
                        == texts.map { "user_message: \($0)" })
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `failures and cancellation`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["ann"] = try await server.newAgent("ann", Self.plain)
            server.model.play(.fail(.server, status: 500))
            try await server.run([
                .post("/v1/messages/batches", ["requests": [Self.request("{ann}", "x")]], expect: 200).keep("failing")
            ])
            let failing = try await Self.ended(server["failing"], server)
            #expect(failing["status"] == "failed")
            let errors = failing["metadata"]?["errors"]
            #expect(errors?[0]?["agent_id"]?.string == server["ann"] && errors?[0]?["request"]?.int == 0)
            #expect(errors?[0]?["error"]?.string?.contains("provider") == true, "\(errors ?? .null)")

            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("never")))
            try await server.run([
                .post(
                    "/v1/messages/batches",
                    ["requests": [Self.request("{ann}", "one"), Self.request("{ann}", "two")]], expect: 200
                ).keep("batch")
            ])
            await hold.reached()
            try await server.run([
                .get("/v1/jobs/active", expect: 200, [["id": "{batch}"]]),
                .patch("/v1/messages/batches/{batch}/cancel", expect: 200, nil),
                .get(
                    "/v1/messages/batches/{batch}", expect: 200,
                    ["status": "cancelled", "metadata": ["cancelled": 2, "completed": 0, "failed": 0]]
                ).note("the one at work is counted"),
                .patch("/v1/jobs/{batch}/cancel", expect: 200, ["status": "cancelled"]),
            ])
            hold.release()
            let run = try #require(try await server.get("/v1/runs/?agent_id={ann}&limit=1").ids.first)
            _ = try await server.until("/v1/runs/\(run)") { $0["status"] == "cancelled" }
            #expect(try await server.said(by: server["ann"]).filter { $0.contains("two") }.isEmpty)
        }
    }

    @Test(arguments: Engines.all)
    func `each item runs once, whatever stops the server`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["ann"] = try await server.newAgent("ann", Self.plain)
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("late")))
            let requests = (1...4).map { Self.request("{ann}", "message \($0)") }
            try await server.run([
                .post("/v1/messages/batches", ["requests": .array(requests)], expect: 200).keep("batch")
            ])
            await hold.reached()
            // The first is at work, the others wait.
            try await server.restart()
            let batch = try await Self.ended(server["batch"], server)
            #expect(batch["status"] == "completed")
            #expect(batch["metadata"]?["completed"]?.int == 4, "what was at work is done again")
            let said = try await server.said(by: server["ann"]).filter { $0.hasPrefix("user") }
            #expect(said == (1...4).map { "user_message: message \($0)" })
            let runs = try await server.get("/v1/runs/?agent_id={ann}").ids
            #expect(runs.count == 5, "the first run was cancelled")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the end of a batch is announced`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}")) { listener in
            try await withServer(on: engine, { $0.environment = ["LETTA_ALLOWED_PRIVATE_HOSTS": "127.0.0.1"] }) {
                server in
                server["ann"] = try await server.newAgent("ann", Self.plain)
                try await server.run([
                    .post(
                        "/v1/messages/batches",
                        [
                            "requests": [Self.request("{ann}", "x")],
                            "callback_url": .string("\(listener.baseURL)/done"),
                        ], expect: 200
                    ).keep("batch"),
                    .post(
                        "/v1/messages/batches",
                        ["requests": [Self.request("{ann}", "x")], "callback_url": "ftp://x"], expect: 422
                    ).field("callback_url"),
                ])
                let batch = try await server.until("/v1/messages/batches/\(server["batch"])") {
                    $0["callback_sent_at"] != .null
                }
                #expect(batch["callback_status_code"]?.int == 200)
                #expect(
                    listener.received[0].body.differences(from: [
                        "job_id": .string(server["batch"]), "status": "completed", "completed_at": .anything,
                    ]) == [])
            }
        }
    }

    @Test func `a cache that is not there`() async throws {
        try await scenarios(
            on: .sqlite,
            [
                .post(
                    "/v1/_internal_search/cache-warm", ["collection": "messages", "scope": [:]], expect: 202,
                    ["collection": "messages", "status": "no cache to warm", "warmed": false]),
                .post("/v1/_internal_search/cache-warm", [:], expect: 422).field("collection"),
                .post("/v1/_internal_search/cache-warm", ["collection": "x", "scope": [:]], expect: 422)
                    .field("collection"),
            ])
    }
}

extension TestServer {
    /// What a path shows once `isReady` holds, for what nothing tells of.
    func until(_ path: String, _ isReady: (JSONValue) -> Bool) async throws -> JSONValue {
        var answer = try await get(path).json
        for _ in 0..<20_000 where !isReady(answer) {
            await Task.yield()
            answer = try await get(path).json
        }
        #expect(isReady(answer), "\(path): \(answer)")
        return answer
    }
}
