import JSON
import LettaAPI
import TestSupport
import Testing

/// Blocks in the memory of agents.
@Suite(.timeLimit(.minutes(5))) struct AttachmentTests {
    @Test(arguments: Engines.all)
    func `attach and detach`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("a", ["memory_blocks": [["label": "one", "value": "1"]]])
            server["two"] = try await server.newBlock("two", "2")
            server["double"] = try await server.newBlock("one", "again")
            let memory = "/v1/agents/{agent}/core-memory"
            try await server.run([
                .patch("\(memory)/blocks/attach/{two}", expect: 200, ["blocks": [["label": "one"], ["label": "two"]]]),
                .patch("\(memory)/blocks/attach/{two}", expect: 200, ["blocks": .elements(2)]).note("twice is once"),
                .patch("\(memory)/blocks/attach/{double}", expect: 409, ["detail": .text(containing: "'one'")]),
                .get(
                    memory, expect: 200, ["agent_type": "letta_v1_agent", "blocks": [["value": "1"], ["value": "2"]]]),
                .get("\(memory)/blocks", expect: 200, .elements(2)),
                .get("/v1/agents/{agent}/blocks", expect: 200, .elements(2)),
                .get("\(memory)/blocks?order=desc&limit=1", expect: 200, [["label": "two"]]),
                .get("\(memory)/blocks?after={two}", expect: 200, []),
                .get("\(memory)/blocks/two", expect: 200, ["id": "{two}"]),
                .get("\(memory)/blocks/three", expect: 404, ["detail": .text(containing: "three")]),
                .patch("\(memory)/blocks/two", ["label": "one"], expect: 409).note("nor by another name"),
                .patch("/v1/blocks/{two}", ["label": "one"], expect: 409),
                .get("\(memory)/blocks/two", expect: 200, ["label": "two"]),
            ])
            try await server.run([
                .patch("\(memory)/blocks/two", ["label": "t w/o", "value": "22"], expect: 200, ["label": "t w/o"]),
                .get("\(memory)/blocks/t%20w%2Fo", expect: 200, ["value": "22"]).note("labels are any text"),
                .patch(
                    "/v1/_internal_agents/{agent}/core-memory/blocks/one", ["value": "11"], expect: 200, ["value": "11"]
                ),
                .patch("\(memory)/blocks/detach/{two}", expect: 200, ["blocks": [["label": "one"]]]),
                .patch("\(memory)/blocks/detach/{two}", expect: 404),
                .patch("\(memory)/blocks/attach/block-\(nobody)", expect: 404),
                .patch("/v1/agents/agent-\(nobody)/core-memory/blocks/attach/{two}", expect: 404),
                .get("/v1/blocks/{two}", expect: 200).note("a detached block lives on"),
                .patch("\(memory)/blocks/attach/{two}", expect: 200, ["blocks": .elements(2)]),
                .delete("/v1/agents/{agent}", expect: 200),
                .get("/v1/blocks/{two}", expect: 200).note("and outlives its agent"),
                .get("/v1/blocks/{two}/agents", expect: 200, []),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a shared block is the same for all, at once`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let block = try await server.newBlock("shared", "first-value")
            var agents: [String] = []
            for type in ["letta_v1_agent", "memgpt_agent", "sleeptime_agent"] {
                let id = try await server.newAgent(
                    "a", ["agent_type": .string(type), "block_ids": [.string(block)]])
                agents.append(id)
            }
            let bystander = try await server.newAgent("b", ["memory_blocks": [["label": "shared", "value": "own"]]])
            let untouched = try await server.systemMessage(of: bystander)
            try await server.run([
                .patch("/v1/agents/\(agents[0])/core-memory/blocks/shared", ["value": "second-value"], expect: 200)
            ])
            for agent in agents {
                let text = try await server.systemMessage(of: agent)
                #expect(text.contains("second-value") && !text.contains("first-value"))
                let seen = try await server.get("/v1/agents/\(agent)/core-memory/blocks/shared").json
                #expect(seen["value"] == "second-value")
            }
            #expect(try await server.systemMessage(of: bystander) == untouched)
            try await server.run([
                .get("/v1/blocks/\(block)/agents", expect: 200, .array(agents.reversed().map { ["id": .string($0)] }))
                    .note("newest first, and nothing loaded unasked"),
                .get(
                    "/v1/blocks/\(block)/agents?order=asc&limit=1", as: .legacy, expect: 200,
                    [["blocks": [], "tools": []]]),
                .get(
                    "/v1/blocks/\(block)/agents?include=agent.blocks&limit=1", expect: 200, [["blocks": .elements(1)]]),
                .get("/v1/blocks/\(block)/agents?after=\(agents[1])", expect: 200, [["id": .string(agents[0])]]),
                .get("/v1/_internal_blocks/\(block)/agents", expect: 200, .elements(3)),
                .patch("/v1/agents/\(agents[1])", ["hidden": true], expect: 200),
                .get("/v1/blocks/\(block)/agents", expect: 200, .elements(3)).note("hidden ones too"),
                .delete("/v1/blocks/\(block)", expect: 200, nil),
                .delete("/v1/blocks/\(block)", expect: 404),
            ])
            for agent in agents {
                #expect(try await !server.systemMessage(of: agent).contains("second-value"))
                #expect(try await server.get("/v1/agents/\(agent)/core-memory/blocks").json == [])
            }
        }
    }
}
