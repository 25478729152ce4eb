import JSON
import LettaAPI
import TestSupport
import Testing

/// The tools of one agent.
@Suite(.timeLimit(.minutes(5))) struct AgentToolTests {
    @Test(arguments: Engines.scenarios)
    func `attach, detach, list`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["other"] = try await server.newAgent("other", ["agent_type": "memgpt_agent"])
            server["agent"] = try await server.newAgent("agent", ["include_base_tools": false])
            let tools = try await server.get("/v1/agents/{other}/tools").ids
            for (name, id) in zip(["one", "two", "three"], tools) { server[name] = id }
            let path = "/v1/agents/{agent}/tools"
            try await server.run([
                .get(path, expect: 200, []),
                .patch("\(path)/attach/{one}", expect: 200, nil).note("newer clients get null"),
                .patch(
                    "\(path)/attach/{two}", as: .legacy, expect: 200, ["tools": [["id": "{one}"], ["id": "{two}"]]]),
                .patch("\(path)/attach/{one}", as: .legacy, expect: 200, ["tools": .elements(2)]).note("twice is once"),
                .patch("\(path)/attach/{three}", expect: 200),
                .get(path, expect: 200, [["id": "{one}"], ["id": "{two}"], ["id": "{three}"]]),
                .get("\(path)?order=desc&limit=2", expect: 200, [["id": "{three}"], ["id": "{two}"]]),
                .get("\(path)?after={one}", expect: 200, [["id": "{two}"], ["id": "{three}"]]),
                .get("\(path)?before={three}&limit=1", expect: 200, [["id": "{two}"]]),
                .get("\(path)?limit=-1", expect: 422).field("limit"),
                .patch("\(path)/detach/{two}", expect: 200, nil),
                .patch("\(path)/detach/{two}", as: .legacy, expect: 200, ["tools": .elements(2)]).note(
                    "what is not there is gone"),
                .patch("\(path)/attach/tool-\(nobody)", expect: 404),
                .patch("\(path)/detach/tool-\(nobody)", expect: 404),
                .patch("/v1/agents/agent-\(nobody)/tools/attach/{one}", expect: 404),
                .get(path, expect: 200, [["id": "{one}"], ["id": "{three}"]]),
            ])
            try await server.restart()
            try await server.run([
                .get(path, expect: 200, [["id": "{one}"], ["id": "{three}"]]).note("base tools keep their ids")
            ])
        }
    }
}
