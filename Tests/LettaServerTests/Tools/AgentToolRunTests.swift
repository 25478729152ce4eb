import JSON
import LettaAPI
import TestSupport
import Testing

/// A client runs a tool in the name of an agent.
@Suite(.timeLimit(.minutes(5))) struct AgentToolRunTests {
    static let stateTool: JSONValue = """
        def remember(text: str, agent_state: "AgentState") -> dict:
            '''Remember.

            Args:
                text: what
            '''
            agent_state.memory.update_block_value(label="human", value=text)
            return {"name": agent_state.name, "labels": agent_state.memory.list_block_labels(), "id": agent_state.id}
        """

    @Test(arguments: Engines.all)
    func `a tool runs, and what it changed is there after a restart`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for source in [ToolTests.source(), Self.stateTool] {
                try await server.send(.put, "/v1/tools/", ["source_code": source]).expect(200)
            }
            let agent = try await server.newAgent([
                "tools": ["add", "remember", "memory_insert", "archival_memory_insert", "open_files"],
                "secrets": ["KEY": "s"],
            ])
            let path = "/v1/agents/\(agent)/tools"
            try await server.run([
                .post(
                    "\(path)/add/run", ["args": ["a": "1", "b": 5]], expect: 200,
                    [
                        "status": "success", "func_return": 6, "agent_state": nil, "stdout": ["adding\n"], "stderr": [],
                        "sandbox_config_fingerprint": nil,
                    ]),
                .post(
                    "\(path)/add/run", expect: 200,
                    [
                        "status": "error", "func_return": .text(containing: "missing 1 required positional argument"),
                        "stderr": [.text(containing: "TypeError: add()")],
                    ]
                ).note("without a body"),
                .post(
                    "\(path)/memory_insert/run", ["args": ["label": "human", "new_string": "x", "insert_line": 0]],
                    expect: 200, ["status": "success", "func_return": "x\nAnn", "stdout": nil, "stderr": nil]),
                .post(
                    "\(path)/memory_insert/run", ["args": ["label": "nope", "new_string": "x"]], expect: 200,
                    ["status": "error", "func_return": .text(containing: "Block field nope does not exist")]),
                .post(
                    "\(path)/archival_memory_insert/run", ["args": ["content": "Ann has a cat"]], expect: 200,
                    ["status": "success"]),
                .post(
                    "\(path)/zzz/run", ["args": [:]], expect: 404,
                    ["detail": .string("Tool 'zzz' not found or not attached to agent '\(agent)'")]),
                .post("/v1/agents/agent-00000000-0000-4000-8000-000000000000/tools/add/run", [:], expect: 404),
                .post("\(path)/add/run", ["args": [1]], expect: 422).field("args"),
            ])
            let block = "/v1/agents/\(agent)/core-memory/blocks/human"
            try await server.run([
                .get(block, expect: 200, ["value": "x\nAnn"]),
                .post(
                    "\(path)/remember/run", ["args": ["text": "Bob"]], expect: 200,
                    ["status": "success", "func_return": ["name": "Ada", "id": .string(agent)]]),
            ])
            try await server.restart()
            try await server.run([
                .get(block, expect: 200, ["value": "Bob"]),
                .get(
                    "/v1/agents/\(agent)/archival-memory", expect: 200, [["text": "Ann has a cat"]]),
            ])
            _ = server.model.takeRequests()
            try await server.say("Hi", to: agent).expect(200)
            let system = try #require(server.model.takeRequests().first).system
            #expect(system.contains("Bob") && !system.contains("Ann"), "the prompt has the new value")
            let said = try await server.said(by: agent)
            #expect(said.count == 2, "no message tells of the calls: \(said)")
        }
    }

    @Test func `a tool runs between the turns of its agent`() async throws {
        let reader: JSONValue = """
            def look(agent_state):
                'Look.'
                return agent_state.memory.get_block("human").value
            """
        try await withServer(on: .sqlite) { server in
            try await server.send(.put, "/v1/tools/", ["source_code": reader]).expect(200)
            let agent = try await server.newAgent(["tools": ["look", "core_memory_append"]])
            let hold = ScriptedModel.Hold()
            let append = ScriptedModel.Play.call("core_memory_append", ["label": "human", "content": "x"])
            server.model.play(.hold(hold, then: append), .say("done"))
            async let turn = server.say("Go", to: agent)
            await hold.reached()
            async let look = server.send(.post, "/v1/agents/\(agent)/tools/look/run", [:])
            hold.release()
            try await turn.expect(200)
            try await look.expect(200, ["status": "success", "func_return": "Ann\nx"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a block that can't be edited stays as it is`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.send(.put, "/v1/tools/", ["source_code": Self.stateTool]).expect(200)
            let agent = try await server.newAgent(["tools": ["remember"]])
            let path = "/v1/agents/\(agent)/tools/remember/run"
            let long = String(repeating: "x", count: 101)
            try await server.run([
                .post(
                    path, ["args": ["text": .string(long)]], expect: 200,
                    ["status": "error", "func_return": .text(containing: "holds at most 100 characters")]),
                .patch(
                    "/v1/agents/\(agent)/core-memory/blocks/human", ["read_only": true], expect: 200),
                .post(
                    path, ["args": ["text": "Bob"]], expect: 200,
                    ["status": "error", "func_return": .text(containing: "read-only")]),
                .get("/v1/agents/\(agent)/core-memory/blocks/human", expect: 200, ["value": "Ann"]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a turn's tool changes memory for the steps after it`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.send(.put, "/v1/tools/", ["source_code": Self.stateTool]).expect(200)
            let agent = try await server.newAgent(["tools": ["remember", "core_memory_append"]])
            server.model.play(
                .call("remember", ["text": "Bob"]), .call("core_memory_append", ["label": "human", "content": "x"]),
                .say("done"))
            try await server.say("Go", to: agent).expect(
                200,
                [
                    "messages": [
                        .anything, ["status": "success", "tool_return": .text(containing: "'name': 'Ada'")], .anything,
                        ["status": "success", "tool_return": "Bob\nx"], ["content": "done"],
                    ]
                ])
            #expect(server.model.takeRequests().last?.system.contains("Bob") == true)
            try await server.restart()
            try await server.run(
                .get("/v1/agents/\(agent)/core-memory/blocks/human", expect: 200, ["value": "Bob\nx"]))
        }
    }
}
