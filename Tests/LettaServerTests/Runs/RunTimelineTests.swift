import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// What runs say of themselves, and what their spans show beside stored steps.
@Suite(.timeLimit(.minutes(5))) struct RunTimelineTests {
    private static let prices = #"{"openai-proxy/gpt-4o-mini": {"input": 1000, "output": 2000}}"#
    private static let reply = """
        {"choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,\
        "completion_tokens":2,"total_tokens":3}}
        """

    private func newest(_ server: TestServer) async throws -> (run: JSONValue, spans: [JSONValue]) {
        let run = try #require(try await server.get("/v1/runs/").json[0])
        let spans = try await server.get("/v1/runs/\(run["id"]?.string ?? "")/trace").expect(200)
        return (run, spans.json.array ?? [])
    }

    private func names(_ spans: [JSONValue]) -> [String?] { spans.map { $0["span_name"]?.string } }

    @Test(arguments: Engines.all)
    func `a run says what it was asked by whom, and what it cost`(_ engine: TestEngine) async throws {
        try await withServer(on: engine, { $0.environment = ["LETTA_MODEL_PRICES": Self.prices] }) { server in
            let agent = try await server.newAgent(["name": "Wren", "include_base_tools": true])
            try await server.run([
                .post(
                    "/v1/identities/", ["identifier_key": "u1", "name": "Ann", "identity_type": "user"], expect: 200)
            ])
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x", "insert_line": 0]), .say("done"))
            try await server.say("How warm\nis it? ", to: agent, ["identity_id": "u1"]).expect(200)
            let long = String(repeating: "word ", count: 200)
            try await server.say(long, to: agent).expect(200)
            try await server.restart()
            let runs = try #require(try await server.get("/v1/runs/").json.array)
            try #require(runs.count == 2)
            // Each step has 10 tokens in and 5 out.
            let wanted: JSONValue = [
                "title": "How warm is it?", "agent_name": "Wren", "asked_by": "Ann", "num_steps": 2,
                "total_tokens": 30, "cost": 0.04, "error": .absent, "remedy": .absent,
            ]
            let path = "/v1/runs/\(runs[1]["id"]?.string ?? "")"
            try await server.get(path).expect(200, wanted)
            #expect(try await server.get(path).json == runs[1])
            #expect(runs[0]["title"]?.string?.hasSuffix("…") == true && (runs[0]["title"]?.string?.count ?? 0) < 110)
            #expect(runs[0]["asked_by"] == nil)
            try await server.get("\(path)/steps").expect(200, [["cost": 0.02], ["cost": 0.02]])
            let spans = try #require(try await server.get("\(path)/trace").json.array)
            #expect(spans[1]["attributes"]?["cost"]?.double == 0.02)
            #expect(spans[1]["attributes"]?["gen_ai.usage.input_tokens"]?.int == 10)
            let other = try await server.addOrganization()
            try await server.send(.get, path, as: other).expect(404)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `without a price there is no cost`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.say("Hi", to: try await server.newAgent()).expect(200)
            #expect(try await newest(server).run["cost"] == nil)
            #expect(try await server.get("/v1/steps/").json[0]?["cost"] == nil)
        }
    }

    @Test(arguments: Engines.all)
    func `a call that failed is in the trace of its run`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.fail(.rateLimited, status: 429))
            try await server.say("Hi", to: agent).expect(429)
            try await server.restart()
            let (run, spans) = try await newest(server)
            #expect(names(spans) == ["run", "agent_step", "chat gpt-4o-mini"])
            #expect(spans.allSatisfy { $0["status_code"] == "ERROR" })
            #expect(spans[1]["parent_span_id"] == spans[0]["span_id"])
            #expect(spans[2]["parent_span_id"] == spans[1]["span_id"])
            let message = spans[2]["attributes"]?["error.message"]?.string ?? ""
            #expect(!message.isEmpty)
            #expect(run["remedy"] == "Wait a minute, then send the message again.")
            #expect(run["error"]?.string?.last == ".")
            server.model.play(.fail(.overloaded, status: 503))
            try await server.say("Hi", to: agent).expect(503)
            #expect(try await newest(server).run["error"]?.string?.contains("scripted. Retry later.") == true)
            let told = "\(run["error"]?.string ?? "") \(run["remedy"]?.string ?? "")"
            #expect(run["metadata"]?["error"]?.string == told)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `each try of a call has its span`(_ engine: TestEngine) async throws {
        let answer = FakeOpenAI.Reply.events(.bytes("data: \(Self.reply)\n\ndata: [DONE]\n\n"))
        let busy = FakeOpenAI.Reply.json(#"{"error": {"message": "too busy"}}"#, status: 503)
        try await FakeOpenAI.serving(busy, answer) { fake in
            try await withServer(on: engine) { server in
                let agent = try await server.newAgent([
                    "model": .null,
                    "llm_config": [
                        "model": "m", "model_endpoint_type": "openai", "context_window": 30_000,
                        "model_endpoint": .string(fake.baseURL),
                    ],
                ])
                try await server.say("Hi", to: agent).expect(200)
                let (_, spans) = try await newest(server)
                #expect(names(spans) == ["run", "agent_step", "chat m", "chat m"])
                #expect(spans.map { $0["status_code"]?.string } == ["OK", "OK", "ERROR", "OK"])
                #expect(spans[2]["attributes"]?["error.message"]?.string?.contains("too busy") == true)
                let tries = spans.compactMap { $0["attributes"]?["letta.try"]?.int }
                let ends = spans.map { ($0["start_time_ns"]?.int ?? 0) + ($0["duration_ns"]?.int ?? 0) }
                #expect(tries == [1, 2] && ends[2] <= spans[3]["start_time_ns"]?.int ?? 0)
            }
        }
    }

    @Test(arguments: Engines.all)
    func `the wait for an approval and what was approved are in the trace`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["include_base_tools": true])
            try await server.send(
                .patch, "/v1/agents/\(agent)/tools/approval/memory_insert", ["requires_approval": true]
            ).expect(200)
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x", "insert_line": 0]), .say("done"))
            try await server.say("Hi", to: agent).expect(200)
            let waiting = try #require(try await server.get("/v1/approvals/").json[0]?["message_id"])
            try await server.send(
                .post, "/v1/agents/\(agent)/messages",
                ["messages": [["type": "approval", "approve": true, "approval_request_id": waiting]]]
            ).expect(200)
            try await server.restart()
            let (_, spans) = try await newest(server)
            #expect(
                names(spans) == [
                    "run", "agent_step", "chat gpt-4o-mini", "wait_for_approval", "execute_tool memory_insert",
                ])
            #expect(spans[3]["attributes"]?["tools"] == ["memory_insert"])
            #expect(spans[1...].filter { $0["parent_span_id"] == spans[0]["span_id"] }.count == 3)
            let wait = (spans[3]["start_time_ns"]?.int ?? 0) + (spans[3]["duration_ns"]?.int ?? 0)
            #expect(wait <= spans[4]["start_time_ns"]?.int ?? 0)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `compactions are in the trace`(_ engine: TestEngine) async throws {
        let model = NarrowModel(window: 4_000)
        try await withServer(on: engine, { $0.provider = model }) { server in
            let agent = try await server.newAgent([
                "context_window_limit": 4_000, "system": "You are Ada.", "include_base_tools": false,
            ])
            for turn in 0..<25 {
                try await server.say("m\(turn) " + String(repeating: "word ", count: 200), to: agent).expect(200)
            }
            let found = try await allSpans(server).filter { $0["span_name"] == "compact_context" }
            #expect(!found.isEmpty && found.allSatisfy(hasFewerMessages))
        }
    }

    private func hasFewerMessages(_ span: JSONValue) -> Bool {
        let after = span["attributes"]?["letta.compaction.messages_after"]?.int ?? 0
        return after > 0 && after < span["attributes"]?["letta.compaction.messages_before"]?.int ?? 0
    }

    /// The spans of all runs, each of which is a part of another.
    private func allSpans(_ server: TestServer) async throws -> [JSONValue] {
        var all: [JSONValue] = []
        for run in try await server.get("/v1/runs/?limit=100").ids {
            let spans = try await server.get("/v1/runs/\(run)/trace").json.array ?? []
            let ids = Set(spans.compactMap { $0["span_id"]?.string })
            #expect(spans.dropFirst().allSatisfy { ids.contains($0["parent_span_id"]?.string ?? "") })
            all += spans
        }
        return all
    }
}
