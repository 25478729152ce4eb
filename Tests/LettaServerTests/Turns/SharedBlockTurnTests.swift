import JSON
import LettaAPI
import TestSupport
import Testing

/// An agent that deletes a block from its memory takes it from nobody else.
@Suite(.timeLimit(.minutes(5))) struct SharedBlockTurnTests {
    @Test(arguments: Engines.scenarios)
    func `a block that another agent has stays there`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["block"] = try await server.newBlock("shared", "for both")
            let fields: JSONObject = ["tools": ["memory"], "block_ids": ["{block}"]]
            let agents = [try await server.newAgent(fields), try await server.newAgent(fields)]
            let delete: JSONValue = ["command": "delete", "path": "/memories/shared"]
            server.model.play(.call("memory", delete), .say("done"))
            try await server.say("Forget it", to: agents[0]).expect(
                200, ["messages": [.anything, ["status": "success"], ["content": "done"]]])

            try await server.get("/v1/agents/\(agents[0])/core-memory/blocks/shared").expect(404)
            #expect(try await !server.systemMessage(of: agents[0]).contains("for both"))
            try await server.get("/v1/agents/\(agents[1])/core-memory/blocks/shared").expect(
                200, ["id": "\(server["block"])", "value": "for both"])
            #expect(try await server.get("/v1/blocks/{block}/agents").ids == [agents[1]])
            _ = server.model.takeRequests()
            try await server.say("Still there?", to: agents[1]).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("for both") == true)
        }
    }
}
