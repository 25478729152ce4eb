import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// The numbers of steps and runs are those that were measured.
@Suite(.timeLimit(.minutes(2))) struct MetricsTests {
    @Test(arguments: Engines.scenarios)
    func `each field is measured`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(on: engine, { $0.now = { time.now } }) { server in
            let start = time.now.microseconds * 1_000
            let ask = "send_message_to_agent_and_wait_for_reply"
            server["bob"] = try await server.newAgent("bob", ["agent_type": "letta_v1_agent"])
            server["ann"] = try await server.newAgent("ann", ["agent_type": "letta_v1_agent", "tools": [.string(ask)]])
            let holds = (ScriptedModel.Hold(), ScriptedModel.Hold(), ScriptedModel.Hold())
            server.model.play(
                .hold(
                    holds.0,
                    then: .call(ask, ["message": "Well?", "other_agent_id": .string(server["bob"])])),
                .hold(holds.1, then: .say("Well.")), .hold(holds.2, then: .say("Bob says well.")))
            async let answer = server.say("Ask Bob.", to: server["ann"])
            for (hold, seconds) in [(holds.0, 3), (holds.1, 40), (holds.2, 500)] as [(ScriptedModel.Hold, Int64)] {
                await hold.reached()
                time.pass(seconds: seconds)
                hold.release()
            }
            try await answer.expect(200)
            try await server.restart()
            func nanoseconds(_ seconds: Int64) -> JSONValue { .int(seconds * 1_000_000_000) }
            func after(_ seconds: Int64) -> JSONValue { .int(start + seconds * 1_000_000_000) }
            server["run"] = try #require(try await server.get("/v1/runs/?agent_id={ann}").ids.first)
            let steps = try await server.get("/v1/runs/{run}/steps?order=asc").ids
            try #require(steps.count == 2)
            (server["first"], server["second"]) = (steps[0], steps[1])
            let tools = try await server.get("/v1/tools/?name=\(ask)").ids
            try await server.run([
                .get(
                    "/v1/steps/{first}/metrics", expect: 200,
                    [
                        "id": "{first}", "run_id": "{run}", "agent_id": "{ann}", "step_start_ns": after(0),
                        "llm_request_start_ns": after(0), "llm_request_ns": nanoseconds(3),
                        "tool_execution_ns": nanoseconds(40), "step_ns": nanoseconds(43),
                        "organization_id": .string(Organization.defaultID.rawValue), "template_id": nil,
                    ]),
                .get(
                    "/v1/steps/{second}/metrics", expect: 200,
                    [
                        "step_start_ns": after(43), "llm_request_start_ns": after(43),
                        "llm_request_ns": nanoseconds(500), "tool_execution_ns": nil, "step_ns": nanoseconds(500),
                    ]),
                .get(
                    "/v1/runs/{run}/metrics", expect: 200,
                    [
                        "id": "{run}", "agent_id": "{ann}", "run_start_ns": after(0), "run_ns": nanoseconds(543),
                        "num_steps": 2, "tools_used": .array(tools.map { .string($0) }),
                        "organization_id": .string(Organization.defaultID.rawValue), "template_id": nil,
                        "base_template_id": nil,
                    ]),
                .get(
                    "/v1/runs/{run}", expect: 200,
                    ["ttft_ns": nanoseconds(3), "total_duration_ns": nanoseconds(543), "status": "completed"]),
                .get(
                    "/v1/runs/{run}/usage", expect: 200,
                    ["prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30]),
                .get("/v1/steps/step-\(nobody)/metrics", expect: 404),
                .get("/v1/runs/run-\(nobody)/metrics", expect: 404),
            ])
            #expect(tools.count == 1)
        }
    }
}
