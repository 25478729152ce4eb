import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

/// Runs that a killed server left are over after the next start, for followers and in their agent.
@Suite(.timeLimit(.minutes(5))) struct RunRecoveryTests {
    /// A background run that is over.
    private func run(_ agent: String, on server: TestServer) async throws -> String {
        let run = try await server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": "Hi"]).expect(200).id
        _ = try await server.follow(run)
        return run
    }

    @Test(arguments: Engines.scenarios, ["created", "running"])
    func `a run that was queued or running fails`(_ engine: TestEngine, _ status: String) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let run = try await run(agent, on: server)
            // The end of a server waits until all events are stored.
            try await server.restart()
            try await server.storage.write { db in
                // As a kill leaves them: a queued run has its first ping only.
                try db.execute(
                    "UPDATE run SET status = \(status), stop_reason = NULL, completed_at = NULL WHERE id = \(run)")
                try db.execute("DELETE FROM run_event WHERE sequence > \(status == "created" ? 1 : 2)")
                try db.execute("UPDATE agent SET last_run_completion = NULL, last_stop_reason = NULL")
            }
            try await server.restart()
            try await server.get("/v1/runs/\(run)").expect(
                200, ["status": "failed", "stop_reason": "error", "completed_at": .anything])
            let types = try await server.follow(run).map(\.type)
            let before = status == "created" ? ["ping"] : ["ping", "assistant_message"]
            #expect(types == before + ["stop_reason", "error_message", "[DONE]"])
            let state = try await server.get("/v1/agents/\(agent)").json
            #expect(state["last_stop_reason"] == "error" && state["last_run_completion"]?.string != nil)
            try await server.restart()
            #expect(try await server.follow(run).map(\.type) == types, "it is ended once")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a run whose last events were not stored ends for its followers`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let run = try await run(try await server.newAgent(), on: server)
            try await server.restart()
            try await server.storage.write { db in
                try db.execute("DELETE FROM run_event WHERE type = 'usage_statistics' OR type = 'stop_reason'")
            }
            try await server.restart()
            let types = try await server.follow(run).map(\.type)
            #expect(types == ["ping", "assistant_message", "stop_reason", "error_message", "[DONE]"])
            try await server.get("/v1/runs/\(run)").expect(200, ["status": "completed", "stop_reason": "end_turn"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an agent tells how its last run ended`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.fail(.server, status: 500))
            _ = try await server.say("one", to: agent)
            let failed = try await server.get("/v1/agents/\(agent)").json
            #expect(failed["last_stop_reason"] == "llm_api_error")
            #expect(failed["last_run_duration_ms"]?.int != nil && failed["last_run_completion"]?.string != nil)
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("never said")))
            async let answer = server.say("two", to: agent)
            await hold.reached()
            try await server.send(.post, "/v1/agents/\(agent)/messages/cancel").expect(200)
            hold.release()
            try await answer.expect(200)
            let cancelled = try await server.get("/v1/agents/\(agent)").json
            #expect(cancelled["last_stop_reason"] == "cancelled")
            #expect(
                cancelled["last_run_completion"]?.string ?? "" > failed["last_run_completion"]?.string ?? "")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a run can be followed from the moment it is visible`(_ engine: TestEngine) async throws {
        try await withHeldTurns(on: engine) { server, storage in
            let agent = try await server.newAgent()
            let accepting = storage.hold(.afterWrite)
            async let accepted = server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": "Hi"])
            await accepting.reached()
            let run = try #require(try await server.get("/v1/runs/active").ids.first)
            let reading = storage.hold(.afterRead)
            async let events = server.follow(run)
            await reading.reached()
            reading.release()
            accepting.release()
            let types = try await events.map(\.type)
            #expect(types == ["ping", "assistant_message", "stop_reason", "usage_statistics", "[DONE]"])
            try await accepted.expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a turn can be cancelled from the moment its run is visible`(_ engine: TestEngine) async throws {
        try await withHeldTurns(on: engine) { server, storage in
            let agent = try await server.newAgent()
            let opening = storage.hold(.afterWrite)
            async let answer = server.say("Hi", to: agent)
            await opening.reached()
            try await server.send(.post, "/v1/agents/\(agent)/messages/cancel").expect(200)
            opening.release()
            try await answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
            #expect(server.model.takeRequests().isEmpty)
        }
    }
}
