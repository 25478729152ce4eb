import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Messages that are answered with a run at once.
@Suite(.timeLimit(.minutes(2))) struct BackgroundRunTests {
    @Test(arguments: Engines.all)
    func `a run goes on by itself and reads back`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"]), .say("done"))
            let run = try await server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": "Hi"]).expect(
                200,
                [
                    "id": .id("run"), "status": "created", "background": true, "agent_id": .string(agent),
                    "metadata": ["run_type": "send_message_async", "lettuce": nil], "callback_url": nil,
                    "completed_at": nil, "stop_reason": nil,
                ]
            ).id
            let types = try await server.follow(run).map(\.type)
            #expect(types.suffix(4) == ["assistant_message", "stop_reason", "usage_statistics", "[DONE]"])
            for _ in 0..<2 {
                try await server.get("/v1/runs/\(run)").expect(
                    200, ["status": "completed", "stop_reason": "end_turn", "background": true])
                #expect(try await server.get("/v1/runs/?background=true").ids == [run])
                #expect(try await server.get("/v1/_internal_runs/").ids == [run])
                #expect(try await server.follow(run).map(\.type) == types)
                try await server.get("/v1/runs/\(run)/messages").expect(200, .elements(4))
                try await server.restart()
            }
            #expect(try await server.said(by: agent).last == "assistant_message: done")
            try await server.send(.delete, "/v1/runs/\(run)").expect(200)
            try await server.send(.post, "/v1/runs/\(run)/stream", [:]).expect(404)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what can't be accepted leaves no run`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/messages/async"
            for (path, body, status) in [
                ("/v1/agents/agent-\(nobody)/messages/async", ["input": "Hi"], 404),
                ("/v1/agents/x/messages/async", ["input": "Hi"], 422), (path, [:], 422), (path, ["messages": []], 422),
                (path, ["input": "a", "callback_url": "file:///etc/passwd"], 422),
                (path, ["input": "a", "callback_url": "http://"], 422),
                (path, ["input": "a", "callback_url": "http+unix://x"], 422),
                (path, ["input": "a", "override_model": "openai/none"], 404),
                ("/v1/agents/\(agent)/messages", ["input": "a", "background": true], 422),
            ] as [(String, JSONValue, Int)] {
                try await server.send(.post, path, body).expect(status)
            }
            try await server.get("/v1/runs/").expect(200, [])
            #expect(try await server.said(by: agent) == [])
        }
    }

    @Test(arguments: Engines.all)
    func `runs wait in line, and one that waits can be cancelled`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/messages"
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("first")), .say("third"))
            var runs: [String] = []
            for text in ["one", "two", "three"] {
                runs.append(try await server.send(.post, "\(path)/async", ["input": .string(text)]).expect(200).id)
                // They stand in line in the order of their coming once the first is at work.
                if text == "one" { await hold.reached() }
            }
            try await server.get("/v1/runs/\(runs[0])").expect(200, ["status": "running"])
            try await server.get("/v1/runs/\(runs[1])").expect(200, ["status": "created"])
            #expect(try await server.get("/v1/runs/active?agent_id=\(agent)").ids.count == 3)
            try await server.send(.post, "\(path)/cancel", ["run_ids": [.string(runs[1])]]).expect(
                200, [runs[1]: "cancelled"])
            #expect(
                try await server.follow(runs[1]).map(\.type) == ["ping", "stop_reason", "usage_statistics", "[DONE]"])
            try await server.send(.post, "\(path)/cancel", ["run_ids": [.string(runs[1])]]).expect(
                200, [runs[1]: "cancelled"])
            try await server.get("/v1/runs/\(runs[1])").expect(
                200, ["status": "cancelled", "stop_reason": "cancelled", "completed_at": .anything])
            hold.release()
            _ = try await server.follow(runs[2])
            #expect(
                try await server.said(by: agent) == [
                    "user_message: one", "assistant_message: first", "user_message: three",
                    "assistant_message: third",
                ])
            try await server.get("/v1/runs/active").expect(200, [])
            for body in [["run_ids": [.string(runs[2])]], [:], ["run_ids": ["x"]]] as [JSONValue] {
                try await server.send(.post, "\(path)/cancel", body).expect(409)
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a run that the server's end caught says so`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("first")))
            var runs: [String] = []
            for text in ["one", "two"] {
                runs.append(
                    try await server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": .string(text)]).id)
                if text == "one" { await hold.reached() }
            }
            try await server.restart()
            // The model is let go a moment before, so that the first may have come to its end.
            for run in runs {
                let status = try await server.get("/v1/runs/\(run)").json["status"]?.string ?? ""
                #expect(["cancelled", "completed"].contains(status))
                #expect(try await server.follow(run).last?.type == "[DONE]")
            }
            try await server.get("/v1/runs/active").expect(200, [])
            try await server.say("three", to: agent).expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a failure of the model is the end of the run`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.fail(.rateLimited, status: 429))
            let run = try await server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": "Hi"]).id
            let events = try await server.follow(run)
            #expect(events.map(\.type) == ["ping", "stop_reason", "error_message", "[DONE]"])
            #expect(events[2].name == "error" && events[2].json["error_type"]?.string == "llm_rate_limit")
            try await server.restart()
            #expect(try await server.follow(run).map(\.name) == events.map(\.name))
            try await server.get("/v1/runs/\(run)").expect(200, ["status": "failed", "stop_reason": "llm_api_error"])
        }
    }
}
