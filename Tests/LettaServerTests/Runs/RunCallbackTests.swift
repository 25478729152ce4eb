import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// The end of a run is announced where its sender wished.
@Suite(.timeLimit(.minutes(2))) struct RunCallbackTests {
    /// Sends a message with a callback and returns the run once the outcome of the callback is noted.
    private func outcome(
        _ server: TestServer, _ agent: String, _ url: String, during: () async -> Void = {}
    ) async throws -> JSONValue {
        let run = try await server.send(
            .post, "/v1/agents/\(agent)/messages/async", ["input": "Hi", "callback_url": .string(url)]
        ).expect(200, ["callback_url": .string(url), "callback_sent_at": nil]).id
        _ = try await server.follow(run)
        await during()
        var answer = try await server.get("/v1/runs/\(run)").json
        // Nothing tells when the note is there, which takes a moment after the answer to the callback.
        for _ in 0..<20_000 where answer["callback_sent_at"] == .null {
            await Task.yield()
            answer = try await server.get("/v1/runs/\(run)").json
        }
        return answer
    }

    @Test(arguments: Engines.scenarios)
    func `whoever listens is told once`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}", status: 202)) { listener in
            try await withServer(on: engine) { server in
                let agent = try await server.newAgent()
                let run = try await outcome(server, agent, "\(listener.baseURL)/done")
                #expect(run["callback_status_code"]?.int == 202)
                #expect(run["callback_error"] == .null)
                #expect(listener.received.map(\.path) == ["/v1/done"])
                #expect(
                    listener.received[0].body.differences(from: [
                        "run_id": run["id"] ?? .null, "agent_id": .string(agent), "status": "completed",
                        "stop_reason": "end_turn", "completed_at": .anything,
                    ]) == [])
                let id = try #require(run["id"]?.string)
                try await server.restart()
                try await server.get("/v1/runs/\(id)").expect(200, ["callback_status_code": 202])
                // What a run fails of is announced as well.
                server.model.play(.fail(.server, status: 500))
                #expect(try await outcome(server, agent, listener.baseURL)["status"] == "failed")
                #expect(listener.received.last?.body["stop_reason"] == "llm_api_error")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `nobody there, a refusal and a silence are noted`(_ engine: TestEngine) async throws {
        let clock = ManualClock()
        try await FakeOpenAI.serving(.json("no", status: 500)) { listener in
            try await withServer(on: engine, { $0.clock = clock }) { server in
                let agent = try await server.newAgent()
                let refused = try await outcome(server, agent, listener.baseURL)
                #expect(refused["callback_status_code"]?.int == 500 && refused["callback_error"] == .null)
                let missed = try await outcome(server, agent, "http://127.0.0.1:1/x")
                #expect(missed["callback_status_code"] == .null)
                #expect(missed["callback_error"]?.string?.isEmpty == false)
                #expect(missed["status"] == "completed")
                listener.play(.init(parts: [.hang]))
                let silent = try await outcome(server, agent, listener.baseURL) {
                    await clock.waitForSleepers(1)
                    clock.advance(by: .seconds(10))
                }
                #expect(silent["callback_error"]?.string == "There was no answer within 10.0 seconds.")
            }
        }
    }
}
