import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

/// An agent keeps facts for the long term and finds them again.
@Suite(.timeLimit(.minutes(5))) struct ArchivalToolTests {
    private static let tools: JSONObject = ["tools": ["archival_memory_insert", "archival_memory_search"]]

    /// Lets the agent call a tool and returns what the tool told it.
    private func call(
        _ tool: String, _ arguments: JSONValue, by agent: String, on server: TestServer
    ) async throws -> String {
        server.model.play(.call(tool, arguments), .say("."))
        let answer = try await server.say("?", to: agent).expect(200, ["messages": .elements(3)])
        let result = answer.json["messages"]?[1]
        return "\(result?["status"]?.string ?? "none"): \(result?["tool_return"]?.string ?? "")"
    }

    @Test(arguments: Engines.all)
    func `what is kept is found in the next step and for ever after`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.tools)
            server.model.play(
                .call("archival_memory_insert", ["content": "Owls hoot", "tags": ["bird", "bird"]], id: "call_1"),
                .call("archival_memory_search", ["query": "owls", "tags": ["bird"]], id: "call_2"), .say("done"))
            let answer = try await server.say("Remember", to: agent).expect(
                200,
                [
                    "messages": [
                        .anything, ["status": "success", "tool_return": "None", "stderr": nil], .anything,
                        ["status": "success"], ["content": "done"],
                    ]
                ])
            let list = try await server.get("/v1/agents/\(agent)/archival-memory").expect(
                200, [["text": "Owls hoot", "tags": ["bird"], "created_at": .anything]])
            let id = try #require(list.ids.first)
            let time = try #require(list.json[0]?["created_at"]?.string).dropLast()
            let said = "[{'id': '\(id)', 'timestamp': '\(time)+00:00', 'content': 'Owls hoot', 'tags': ['bird']}]"
            #expect(answer.json["messages"]?[3]?["tool_return"]?.string == said)
            #expect(server.model.takeRequests().last?.messages.last?.contains("Owls hoot") == true)
            try await server.restart()
            let again = try await call("archival_memory_search", ["query": "OWL"], by: agent, on: server)
            #expect(again == "success: \(said)")
            let other = try await server.newAgent(Self.tools)
            let theirs = try await call("archival_memory_search", ["query": "owls"], by: other, on: server)
            #expect(theirs == "success: []")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what several calls keep stands in their order, in one archive`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.tools)
            for text in ["first", "second", "third"] {
                let told = try await call("archival_memory_insert", ["content": .string(text)], by: agent, on: server)
                #expect(told == "success: None")
            }
            try await server.get("/v1/agents/\(agent)/archival-memory").expect(
                200, [["text": "first"], ["text": "second"], ["text": "third"]])
            try await server.get("/v1/archives/").expect(200, .elements(1))
            #expect(
                try await call("archival_memory_insert", ["content": ""], by: agent, on: server) == "success: None")
        }
    }

    static let refused: [(tool: String, arguments: JSONValue, says: String)] = [
        ("archival_memory_insert", [:], "content"),
        ("archival_memory_insert", ["content": "x", "tags": "bird"], "tags must be a list"),
        ("archival_memory_insert", ["content": "x", "tags": [.string(String(repeating: "x", count: 3_000))]], "2000"),
        ("archival_memory_search", [:], "query"),
        ("archival_memory_search", ["query": "x", "tags": "bird"], "tags must be a list"),
        ("archival_memory_search", ["query": "x", "tag_match_mode": "some"], "'any' or 'all'"),
        ("archival_memory_search", ["query": "x", "top_k": -1], "top_k has to be positive"),
        ("archival_memory_search", ["query": "x", "top_k": 0], "top_k has to be positive"),
        ("archival_memory_search", ["query": "x", "top_k": "many"], "many"),
        ("archival_memory_search", ["query": "x", "start_datetime": "yesterday"], "Invalid start_datetime format"),
        ("archival_memory_search", ["query": "x", "end_datetime": "2026-13-45"], "Invalid end_datetime format"),
        ("archival_memory_search", ["query": .string(String(repeating: "x", count: 3_000))], "too long"),
    ]

    @Test(arguments: Engines.scenarios)
    func `what can't be done is told to the agent and changes nothing`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.tools)
            for (tool, arguments, says) in Self.refused {
                let told = try await call(tool, arguments, by: agent, on: server)
                #expect(told.hasPrefix("error: ") && told.contains(says), "\(tool) \(arguments): \(told)")
            }
            try await server.get("/v1/agents/\(agent)/archival-memory").expect(200, [])
            try await server.get("/v1/archives/").expect(200, [])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `tags, times and the number of results bound a search`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            var fields = Self.tools
            fields["timezone"] = "America/New_York"
            let agent = try await server.newAgent(fields)
            for (text, tags, time) in [
                ("owls hoot", ["bird"], "2026-07-20T03:30:00Z"),
                ("owls sleep", ["bird", "day"], "2026-07-20T12:00:00Z"),
                ("owls eat", [], "2026-07-21T12:00:00Z"),
            ] {
                try await server.send(
                    .post, "/v1/agents/\(agent)/archival-memory",
                    [
                        "text": .string(text), "tags": .array(tags.map { .string($0) }), "created_at": .string(time),
                    ]
                ).expect(200)
            }
            let cases: [(JSONObject, [String])] = [
                ([:], ["owls eat", "owls sleep", "owls hoot"]), (["top_k": 1], ["owls eat"]),
                (["top_k": "2"], ["owls eat", "owls sleep"]), (["tags": ["bird"]], ["owls sleep", "owls hoot"]),
                (["tags": ["bird", "day"]], ["owls sleep", "owls hoot"]),
                (["tags": ["bird", "day"], "tag_match_mode": "all"], ["owls sleep"]),
                (["tags": []], ["owls eat", "owls sleep", "owls hoot"]),
                // On the agent's clock the first is in the evening of the 19th.
                (["start_datetime": "2026-07-20"], ["owls eat", "owls sleep"]),
                (["end_datetime": "2026-07-19"], ["owls hoot"]),
                (
                    ["start_datetime": "2026-07-19T23:30", "end_datetime": "2026-07-20T08:00"],
                    ["owls sleep", "owls hoot"]
                ),
                (["start_datetime": "2026-07-19T23:31", "end_datetime": "2026-07-20T07:59"], []),
                (["end_datetime": "2026-07-20T03:30:00Z"], ["owls hoot"]),
                (["start_datetime": ""], ["owls eat", "owls sleep", "owls hoot"]),
            ]
            for (bounds, texts) in cases {
                var arguments = bounds
                arguments["query"] = "owls"
                let told = try await call("archival_memory_search", .object(arguments), by: agent, on: server)
                let contents = told.matches(of: /'content': '([^']*)'/).map { String($0.output.1) }
                #expect(contents == texts, "\(bounds): \(told)")
            }
            let told = try await call("archival_memory_search", ["query": "hoot"], by: agent, on: server)
            #expect(told.contains("'timestamp': '2026-07-19T23:30:00.000000-04:00'"), "\(told)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a memory lands with its step or not at all`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.tools)
            let insert = ScriptedModel.Play.call("archival_memory_insert", ["content": "kept"])
            // The step after it fails; what was stored stays.
            server.model.play(insert, .fail(.badRequest))
            _ = try await server.say("one", to: agent)
            try await server.get("/v1/agents/\(agent)/archival-memory").expect(200, [["text": "kept"]])
            // The transaction of the step itself fails.
            try await server.storage.write { db in
                _ = try db.execute("ALTER TABLE step RENAME TO step_elsewhere")
            }
            server.model.play(.call("archival_memory_insert", ["content": "lost"]), .say("done"))
            let answer = try await server.say("two", to: agent)
            #expect(answer.status == 500, "\(answer.text)")
            try await server.storage.write { db in
                _ = try db.execute("ALTER TABLE step_elsewhere RENAME TO step")
            }
            try await server.get("/v1/agents/\(agent)/archival-memory").expect(200, [["text": "kept"]])
            let said = try await server.said(by: agent)
            #expect(said.filter { $0.hasSuffix(": None") }.count == 1, "\(said)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an archive that goes during a turn is replaced by a new one`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.tools)
            _ = try await call("archival_memory_insert", ["content": "old"], by: agent, on: server)
            let archive = try #require(try await server.get("/v1/archives/").ids.first)
            let hold = ScriptedModel.Hold()
            server.model.play(
                .hold(hold, then: .call("archival_memory_insert", ["content": "new"])), .say("done"))
            async let answer = server.say("Remember", to: agent)
            await hold.reached()
            try await server.send(.delete, "/v1/archives/\(archive)").expect(204)
            hold.release()
            try await answer.expect(200, ["messages": .elements(3)])
            try await server.get("/v1/agents/\(agent)/archival-memory").expect(200, [["text": "new"]])
        }
    }

    @Test(arguments: Engines.all)
    func `many agents write to one archive at once and nothing is lost`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let archive = try await server.send(.post, "/v1/archives/", ["name": "shared"]).id
            var agents: [String] = []
            for _ in 0..<4 {
                let agent = try await server.newAgent()
                try await server.send(.patch, "/v1/agents/\(agent)/archives/attach/\(archive)").expect(200)
                agents.append(agent)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, agent) in agents.enumerated() {
                    group.addTask {
                        for round in 0..<5 {
                            try await server.send(
                                .post, "/v1/agents/\(agent)/archival-memory", ["text": .string("m\(number)x\(round)")]
                            ).expect(200)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let list = try await server.get("/v1/agents/\(agents[0])/archival-memory").json.array ?? []
            #expect(Set(list.compactMap { $0["text"]?.string }).count == 20)
            #expect(list.count == 20)
        }
    }
}
