import JSON
import LettaAPI
import TestSupport
import Testing

/// Background work, and runs as the first generation of clients sees them.
@Suite(.timeLimit(.minutes(2))) struct JobTests {
    @Test(arguments: Engines.all)
    func `jobs are listed, read, cancelled and deleted`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .post("/v1/folders/", ["name": "f", "embedding": "openai/text-embedding-3-small"], expect: 200)
                    .keep("folder")
            ])
            let folder = server["folder"]
            server["done"] = try await server.addJob(.completed)
            server["reading"] = try await server.addJob(.running, reading: folder)
            server["batch"] = try await server.addJob(.created, type: .batch)
            try await server.restart()
            try await server.run([
                .get("/v1/jobs/", expect: 200, [["id": "{batch}"], ["id": "{reading}"], ["id": "{done}"]]),
                .get("/v1/jobs/?ascending=true&limit=1", expect: 200, [["id": "{done}"]]),
                .get("/v1/jobs/?order=asc&after={done}&limit=1", expect: 200, [["id": "{reading}"]]),
                .get("/v1/jobs/?source_id=\(folder)", expect: 200, [["id": "{reading}"]]),
                .get("/v1/jobs/?active=true", expect: 200, [["id": "{batch}"], ["id": "{reading}"]]),
                .get("/v1/jobs/active", expect: 200, [["id": "{reading}"], ["id": "{batch}"]]),
                .get("/v1/jobs/active?ascending=false&limit=1", expect: 200, [["id": "{batch}"]]),
                .get(
                    "/v1/jobs/{reading}", expect: 200,
                    [
                        "id": "{reading}", "status": "running", "job_type": "job", "completed_at": nil,
                        "metadata": ["name": "x"], "user_id": .id("user"), "agent_id": nil, "stop_reason": nil,
                        "background": nil, "callback_url": nil, "ttft_ns": nil, "total_duration_ns": nil,
                    ]),
                .get("/v1/jobs/{batch}", expect: 200, ["job_type": "batch", "status": "created"]),
                .get("/v1/jobs/job-\(nobody)", expect: 404),
                .get("/v1/jobs/agent-\(nobody)", expect: 422).field("job_id"),
                .patch(
                    "/v1/jobs/{reading}/cancel", expect: 200, ["status": "cancelled", "completed_at": .anything]),
                .patch("/v1/jobs/{done}/cancel", expect: 200, ["status": "completed"]).note("too late"),
                .patch("/v1/jobs/job-\(nobody)/cancel", expect: 404),
                .get("/v1/jobs/active", expect: 200, [["id": "{batch}"]]),
                .delete("/v1/jobs/{done}", expect: 200, ["id": "{done}"]),
                .delete("/v1/jobs/{done}", expect: 404),
                .get("/v1/jobs/?order=asc&after={done}&limit=1", expect: 200, [["id": "{reading}"]])
                    .note("a deleted row keeps its place"),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a run is found as a job`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada")
            let turn = try await server.send(.post, "/v1/agents/{agent}/messages", ["input": "Hi."]).expect(200)
            server["run"] = try #require(turn.json["messages"]?[0]?["run_id"]?.string)
            try await server.run([
                .get(
                    "/v1/jobs/{run}", as: .legacy, expect: 200,
                    [
                        "id": "{run}", "job_type": "run", "status": "completed", "agent_id": "{agent}",
                        "stop_reason": "end_turn", "completed_at": .anything, "background": false,
                    ]),
                .get("/v1/jobs/", expect: 200, []).note("as with the peer"),
                .patch("/v1/jobs/{run}/cancel", expect: 200, ["status": "completed"]),
                .get("/v1/jobs/run-\(nobody)", expect: 404),
                .delete("/v1/jobs/{run}", expect: 200, ["id": "{run}"]),
                .get("/v1/runs/{run}", expect: 404),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a running run is cancelled as a job`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent("Ada")
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, after: "I go ", then: .say("on")))
            async let answer = server.say("talk", to: agent)
            await hold.reached()
            server["run"] = try #require(try await server.get("/v1/runs/active").ids.first)
            try await server.run([
                .get("/v1/jobs/{run}", expect: 200, ["status": "running"]),
                .patch("/v1/jobs/{run}/cancel", expect: 200, ["status": "cancelled"]),
            ])
            hold.release()
            try await answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
            try await server.run([.get("/v1/jobs/{run}", expect: 200, ["status": "cancelled"])])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a run that ends while it is cancelled is shown as it ended`(_ engine: TestEngine) async throws {
        try await withHeldTurns(on: engine) { server, storage in
            let agent = try await server.newAgent("Ada")
            let answering = ScriptedModel.Hold()
            server.model.play(.hold(answering, then: .say("done")))
            async let answer = server.say("talk", to: agent)
            await answering.reached()
            let run = try #require(try await server.get("/v1/runs/active").ids.first)
            let reading = storage.hold(.afterRead)
            async let cancelled = server.send(.patch, "/v1/jobs/\(run)/cancel")
            await reading.reached()
            answering.release()
            try await answer.expect(200)
            reading.release()
            try await cancelled.expect(200, ["status": "completed", "completed_at": .anything])
        }
    }
}
