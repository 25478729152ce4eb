import JSON
import LettaAPI
import TestSupport
import Testing

/// Agents that send messages to each other.
@Suite(.timeLimit(.minutes(5))) struct MultiAgentTests {
    private static let ask = "send_message_to_agent_and_wait_for_reply"
    private static let many = "send_message_to_agents_matching_tags"
    private static let tell = "send_message_to_agent_async"

    private func agent(_ name: String, on server: TestServer, _ tags: [String] = []) async throws -> String {
        try await server.newAgent([
            "name": .string(name), "tags": .array(tags.map { .string($0) }), "include_multi_agent_tools": true,
        ])
    }

    @Test(arguments: Engines.all)
    func `an agent asks another and gets its answer`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let boss = try await agent("boss", on: server)
            let helper = try await agent("helper", on: server)
            server.model.play(
                .call(Self.ask, ["message": "ping", "other_agent_id": .string(helper)]), .say("pong"), .say("done"))
            try await server.say("Go", to: boss).expect(
                200,
                [
                    "messages": [
                        .anything,
                        [
                            "status": "success", "stdout": [], "stderr": [],
                            "tool_return": .string("{'agent_id': '\(helper)', 'response': ['pong']}"),
                        ],
                        ["content": "done"],
                    ]
                ])
            try await server.restart()
            let list = try #require(try await server.get("/v1/agents/\(helper)/messages?order=asc").json.array)
            let text =
                "[Incoming message from agent with ID '\(boss)' - your response will be delivered to the sender] ping"
            #expect(list.contains { $0["message_type"] == "system_message" && $0["content"] == .string(text) })
            #expect(list.last?["content"] == "pong")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `agents with tags are asked, but not the one that asks`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let boss = try await agent("boss", on: server, ["a", "b"])
            let both = try await agent("both", on: server, ["a", "b"])
            _ = try await agent("one", on: server, ["a"])
            server.model.play(
                .call(Self.many, ["message": "all", "match_all": ["a"], "match_some": ["b", "c"]]), .say("here"),
                .say("done"))
            try await server.say("Go", to: boss).expect(
                200,
                [
                    "messages": [
                        .anything,
                        [
                            "status": "success",
                            "tool_return": .string("[{'agent_id': '\(both)', 'response': ['here']}]"),
                        ], .anything,
                    ]
                ])
            let other = try await server.addOrganization()
            let tools = try await server.send(.get, "/v1/tools/?name=\(Self.many)", as: other).json
            #expect(tools.array?.count == 1)
            try await server.send(
                .post, "/v1/agents/\(boss)/tools/\(Self.many)/run",
                ["args": ["message": "x", "match_all": [], "match_some": []]]
            ).expect(200, ["status": "error", "func_return": .text(containing: "both empty")])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a message that is only told is read later`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let boss = try await agent("boss", on: server)
            let helper = try await agent("helper", on: server)
            let path = "/v1/agents/\(boss)/tools/\(Self.tell)/run"
            let args: JSONValue = ["args": ["message": "later", "other_agent_id": .string(helper)]]
            try await server.send(.post, path, args).expect(
                200, ["status": "success", "func_return": "Successfully sent message"])
            let runs = try #require(try await server.get("/v1/runs/?agent_id=\(helper)").json.array)
            _ = try await server.follow(try #require(runs.first?["id"]?.string))
            let said = try await server.said(by: helper)
            #expect(said.last?.hasPrefix("assistant_message") == true, "\(said)")
            #expect(server.model.takeRequests().count == 1)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a circle and an agent that does not exist are errors`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let boss = try await agent("boss", on: server)
            let helper = try await agent("helper", on: server)
            func ask(_ agent: String) -> ScriptedModel.Play {
                .call(Self.ask, ["message": "ping", "other_agent_id": .string(agent)])
            }
            server.model.play(ask(helper), ask(boss), .say("can't"), .say("done"))
            try await server.say("Go", to: boss).expect(
                200, ["messages": [.anything, ["tool_return": .text(containing: "can't")], ["content": "done"]]])
            let list = try #require(try await server.get("/v1/agents/\(helper)/messages").json.array)
            let returned = try #require(list.first { $0["message_type"] == "tool_return_message" })
            #expect(returned["status"] == "error")
            #expect(returned["tool_return"]?.string?.contains("waits for an answer of this agent") == true)
            let path = "/v1/agents/\(boss)/tools/\(Self.ask)/run"
            let missing = "agent-00000000-0000-4000-8000-000000000000"
            try await server.run([
                .post(
                    path, ["args": ["message": "x", "other_agent_id": .string(boss)]], expect: 200,
                    ["status": "error", "func_return": .text(containing: "to itself")]),
                .post(
                    path, ["args": ["message": "x", "other_agent_id": .string(missing)]], expect: 200,
                    ["status": "error", "func_return": .text(containing: "NotFoundError: Error code: 404")]),
            ])
        }
    }

    @Test func `a chain of agents has an end`() async throws {
        try await withServer(on: .sqlite) { server in
            var agents: [String] = []
            for number in 0...9 { agents.append(try await agent("a\(number)", on: server)) }
            let asks = agents.dropFirst().map { next in
                ScriptedModel.Play.call(Self.ask, ["message": "x", "other_agent_id": .string(next)])
            }
            // The ninth agent can't ask the tenth.
            server.model.play(
                asks[0], asks[1], asks[2], asks[3], asks[4], asks[5], asks[6], asks[7], asks[8], .say("no"))
            try await server.say("Go", to: agents[0]).expect(200)
            let list = try #require(try await server.get("/v1/agents/\(agents[8])/messages").json.array)
            let returned = try #require(list.first { $0["message_type"] == "tool_return_message" })
            #expect(returned["tool_return"]?.string?.contains("8 agents are behind this message") == true)
            #expect(try await server.said(by: agents[9]).isEmpty)
        }
    }
}
