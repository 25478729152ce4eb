import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// An agent shows how its last run ended, however it ended.
@Suite(.timeLimit(.minutes(5))) struct LastRunTests {
    /// The three fields of an agent's last run, which must be those of the run itself.
    private func check(_ agent: String, _ stop: String, _ server: TestServer) async throws {
        let run = try #require(try await server.get("/v1/runs/?agent_id=\(agent)&limit=1").json[0])
        #expect(run["stop_reason"]?.string == stop)
        let shown = try await server.get("/v1/agents/\(agent)").json
        #expect(shown["last_stop_reason"]?.string == stop)
        let completion = try #require(run["completed_at"]?.string, "\(run)")
        // A run's time has no zone on the wire.
        #expect(shown["last_run_completion"]?.string == "\(completion)Z")
        let duration = try #require(run["total_duration_ns"]?.int, "\(run)")
        #expect(shown["last_run_duration_ms"]?.int == duration / 1_000_000)
    }

    @Test(arguments: Engines.scenarios)
    func `after an answer, a failure and a cancel`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.get("/v1/agents/\(agent)").expect(
                200, ["last_run_completion": nil, "last_run_duration_ms": nil, "last_stop_reason": nil])
            try await server.say("one", to: agent).expect(200)
            try await check(agent, "end_turn", server)

            server.model.play(.fail(.server, status: 500))
            _ = try await server.say("two", to: agent)
            try await check(agent, "llm_api_error", server)

            try await server.say("three", to: agent).expect(200)
            try await check(agent, "end_turn", server)

            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("late")))
            async let answer = server.say("four", to: agent)
            await hold.reached()
            try await server.send(.post, "/v1/agents/\(agent)/messages/cancel", [:]).expect(200)
            hold.release()
            try await answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
            try await check(agent, "cancelled", server)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `after a run in the background`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            for (play, stop) in [
                (ScriptedModel.Play.say("done"), "end_turn"), (.fail(.rateLimited, status: 429), "llm_api_error"),
            ] {
                server.model.play(play)
                let run = try await server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": "Hi"]).id
                _ = try await server.follow(run)
                try await check(agent, stop, server)
            }
        }
    }
}
