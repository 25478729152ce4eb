import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

/// Spans and usage of runs, and the filters of lists of runs and steps.
@Suite(.timeLimit(.minutes(2))) struct RunSpanTests {
    @Test(arguments: Engines.all)
    func `a run has the spans of its steps, its usage and its filters`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["include_base_tools": true])
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x", "insert_line": 0]), .say("done"))
            try await server.say("Hi", to: agent).expect(200)
            let tools = try #require(try await server.get("/v1/agents/\(agent)/tools").json.array)
            let tool = try #require(tools.first { $0["name"] == "memory_insert" }?["id"]?.string)
            let unused = try #require(tools.first { $0["name"] != "memory_insert" }?["id"]?.string)
            let run = try #require(try await server.get("/v1/runs/").ids.first)
            server.model.play(.say("again"))
            try await server.say("Hi", to: agent).expect(200)
            let second = try #require(try await server.get("/v1/runs/").ids.first)
            server["run"] = run
            server["second"] = second

            try await server.restart()
            let spans = try #require(try await server.get("/v1/runs/{run}/trace").expect(200).json.array)
            #expect(
                spans.compactMap { $0["span_name"]?.string } == [
                    "run", "agent_step", "chat gpt-4o-mini", "execute_tool memory_insert", "agent_step",
                    "chat gpt-4o-mini",
                ])
            let trace = String(run.dropFirst(4)).filter { $0 != "-" }
            #expect(spans.allSatisfy { $0["trace_id"]?.string == trace && $0["start_time_ns"]?.int ?? 0 > 0 })
            #expect(try await server.get("/v1/runs/{run}/trace?steps=1").json.array == Array(spans.prefix(4)))
            #expect(try await server.get("/v1/runs/{run}/trace?steps=0").json.array?.count == 1)
            #expect(spans[0]["parent_span_id"] == .null && spans[1]["parent_span_id"] == spans[0]["span_id"])
            #expect(spans[2]["parent_span_id"] == spans[1]["span_id"])
            #expect(spans[2]["attributes"]?["gen_ai.usage.output_tokens"]?.int == 5)
            #expect(spans[3]["attributes"]?["gen_ai.tool.name"] == "memory_insert")
            _ = try await server.storage.write { db in try db.execute("DELETE FROM provider_trace") }
            let rest = try #require(try await server.get("/v1/runs/{run}/trace").expect(200).json.array)
            #expect(
                rest.compactMap { $0["span_name"]?.string } == [
                    "run", "agent_step", "llm_request", "tool_execution", "agent_step", "llm_request",
                ], "without the kept spans they are made of the rows")
            #expect(rest[3]["attributes"]?["tools"] == ["memory_insert"])
            #expect(try await server.get("/v1/runs/{run}/trace?steps=1").json.array == Array(rest.prefix(4)))
            let other = try await server.addOrganization()
            try await server.run([
                .get("/v1/runs/{run}/trace", as: other, expect: 404),
                .get("/v1/runs/run-\(nobody)/trace", expect: 404),
                .get("/v1/runs/{run}/trace?steps=501", expect: 422).field("steps"),
                .get("/v1/runs/{run}/trace?steps=-1", expect: 422).field("steps"),
                .get("/v1/runs/{run}/usage", expect: 200, ["total_tokens": 30]),
                .get("/v1/_internal_runs/?tools_used=\(tool)", expect: 200, [["id": "{run}"]]),
                .get("/v1/_internal_runs/?tools_used=\(tool)&tools_used=\(unused)", expect: 200, [["id": "{run}"]]),
                .get("/v1/_internal_runs/?tools_used=\(unused)", expect: 200, []),
                .get("/v1/_internal_runs/?tools_used=tool-\(nobody)", expect: 200, []),
                .get("/v1/_internal_runs/?tools_used=\(tool)", as: other, expect: 200, []),
                .get("/v1/_internal_runs/?duration_percentile=0", expect: 200, .elements(2)),
                .get("/v1/_internal_runs/?duration_percentile=100", expect: 200, .elements(1)),
                .get("/v1/_internal_runs/?duration_percentile=101", expect: 422).field("duration_percentile"),
                .get("/v1/_internal_runs/?order_by=duration&limit=1", expect: 200, .elements(1)),
                .get("/v1/runs/?order_by=duration&after=run-\(nobody)", expect: 200).note("an unknown cursor"),
                .get("/v1/_internal_runs/?order_by=size", expect: 422).field("order_by"),
            ])
            let durations = try #require(
                try await server.get("/v1/runs/?order_by=duration&order=asc").json.array
            ).compactMap { $0["total_duration_ns"]?.int }
            #expect(durations.count == 2 && durations == durations.sorted())
        }
    }

    @Test(arguments: Engines.scenarios)
    func `steps are found by their tags, traces and projects`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.say("Hi", to: agent).expect(200)
            try await server.say("Hi", to: agent).expect(200)
            let steps = try await server.get("/v1/steps/").ids
            try #require(steps.count == 2)
            server["step"] = steps[0]
            try await server.run([
                .patch("/v1/steps/{step}/feedback", ["feedback": "positive", "tags": ["good", "a\"b"]], expect: 200),
                .get("/v1/steps/?tags=good", expect: 200, [["id": "{step}", "tags": ["good", "a\"b"]]]),
                .get("/v1/steps/?tags=a%22b", expect: 200, [["id": "{step}"]]),
                .get("/v1/steps/?tags=none&tags=good", expect: 200, [["id": "{step}"]]),
                .get("/v1/steps/?tags=Good", expect: 200, []),
                .get("/v1/steps/?tags=goo", expect: 200, []),
                .get("/v1/steps/?trace_ids=trace-1", expect: 200, []),
                .get("/v1/steps/?project_id=project-1", expect: 200, []),
                .get("/v1/steps/", expect: 200, .elements(2)),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `usage tells what was cached and reasoned`(_ engine: TestEngine) async throws {
        let reply = """
            {"choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,\
            "completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":64},\
            "completion_tokens_details":{"reasoning_tokens":7}}}
            """
        try await FakeOpenAI.serving(.events(.bytes("data: \(reply)\n\ndata: [DONE]\n\n"))) { fake in
            try await withServer(on: engine) { server in
                let agent = try await server.newAgent([
                    "model": .null,
                    "llm_config": [
                        "model": "m", "model_endpoint_type": "openai", "context_window": 30_000,
                        "model_endpoint": .string(fake.baseURL),
                    ],
                ])
                try await server.say("Hi", to: agent).expect(
                    200, ["usage": ["cached_input_tokens": 64, "reasoning_tokens": 7]])
                let run = try #require(try await server.get("/v1/runs/").ids.first)
                try await server.get("/v1/runs/\(run)/usage").expect(
                    200,
                    [
                        "prompt_tokens_details": ["cached_tokens": 64],
                        "completion_tokens_details": ["reasoning_tokens": 7],
                    ])
            }
        }
    }
}
