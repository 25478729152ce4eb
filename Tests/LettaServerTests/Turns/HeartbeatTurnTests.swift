import JSON
import LettaAPI
import TestSupport
import Testing

/// Turns of the older types of agents: they speak through a tool, think in its arguments and ask for more steps.
@Suite(.timeLimit(.minutes(5))) struct HeartbeatTurnTests {
    private static let memgpt: JSONObject = ["agent_type": "memgpt_v2_agent"]
    private static let insert: JSONValue = [
        "thinking": "keep it", "label": "human", "new_string": "x", "request_heartbeat": true,
    ]

    private static func speak(_ text: String) -> ScriptedModel.Play {
        .call("send_message", ["thinking": "hm", "message": .string(text)])
    }

    private func types(_ answer: Answer) -> [String] {
        (answer.json["messages"]?.array ?? answer.json.array ?? []).compactMap { $0["message_type"]?.string }
    }

    @Test(arguments: Engines.all)
    func `an answer shows thoughts, calls and what was said`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.memgpt)
            server.model.play(.call("memory_insert", Self.insert), Self.speak("Noted"))
            let answer = try await server.say("Hi", to: agent)
            answer.expect(
                200,
                [
                    "messages": [
                        [
                            "message_type": "reasoning_message", "source": "non_reasoner_model",
                            "reasoning": "keep it", "signature": nil,
                        ],
                        [
                            "message_type": "tool_call_message",
                            "tool_call": [
                                "name": "memory_insert",
                                "arguments": #"{"label": "human", "new_string": "x", "request_heartbeat": true}"#,
                            ],
                        ],
                        ["message_type": "tool_return_message", "status": "success"],
                        ["message_type": "reasoning_message", "reasoning": "hm"],
                        ["message_type": "assistant_message", "content": "Noted"],
                    ],
                    "stop_reason": ["stop_reason": "end_turn"], "usage": ["step_count": 2],
                ])
            let asked = server.model.takeRequests()
            #expect(asked[1].messages.last?.contains("Continuing: continue tool rule.") == true)
            let list = try await server.get("/v1/agents/\(agent)/messages")
            #expect(
                types(list) == [
                    "system_message", "reasoning_message", "assistant_message", "user_message", "user_message",
                    "reasoning_message", "tool_call_message", "tool_return_message", "user_message",
                    "reasoning_message", "assistant_message",
                ])
            try await server.restart()
            #expect(types(try await server.get("/v1/agents/\(agent)/messages")) == types(list))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `clients choose how they see what was said`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.memgpt)
            server.model.play(Self.speak("One"))
            let answer = try await server.say("Hi", to: agent, ["use_assistant_message": false])
            let calls = ["reasoning_message", "tool_call_message", "tool_return_message"]
            #expect(types(answer) == calls)
            let run = try #require(answer.json["messages"]?[0]?["run_id"]?.string)
            let ofRun = try await server.get("/v1/runs/\(run)/messages")
            #expect(types(ofRun) == ["user_message"] + calls, "a run's messages are shown as its sender wanted")
            let list = "/v1/agents/\(agent)/messages?limit=2"
            #expect(types(try await server.get(list)) == ["reasoning_message", "assistant_message"])
            #expect(types(try await server.get("\(list)&use_assistant_message=false")) == calls)
            #expect(types(try await server.get("\(list)&assistant_message_tool_name=other")) == calls)
            let all = "/v1/messages/?limit=2&use_assistant_message=false"
            #expect(types(try await server.get(all)) == calls)
            let found = try await server.send(.post, "/v1/messages/search", ["query": "One"])
            #expect(found.json.array?.first?["content"]?.string == "One", "what was said is found")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `streams show the same, in steps, in tokens and in the background`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.memgpt)
            let kinds = [
                "ping", "reasoning_message", "tool_call_message", "tool_return_message", "reasoning_message",
                "assistant_message", "stop_reason", "usage_statistics", "[DONE]",
            ]
            let modes: [JSONObject] = [
                [:], ["stream_tokens": true], ["background": true], ["background": true, "stream_tokens": true],
            ]
            for mode in modes {
                server.model.play(.call("memory_insert", Self.insert), Self.speak("All done"))
                let events = try await server.stream("Hi", to: agent, mode)
                let types = events.map(\.type)
                let seen = types.indices.filter { $0 == 0 || types[$0] != types[$0 - 1] }.map { types[$0] }
                #expect(seen == kinds, "\(mode)")
                let said = events.filter { $0.type == "assistant_message" }.compactMap { $0.json["content"]?.string }
                #expect(said.joined() == "All done")
                let arguments = events.compactMap { $0.json["tool_call"]?["arguments"]?.string }.joined()
                #expect(arguments == #"{"label": "human", "new_string": "x", "request_heartbeat": true}"#)
                let thoughts = events.compactMap { $0.json["reasoning"]?.string }.joined()
                #expect(thoughts == "keep ithm")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the model is asked for thoughts and heartbeats`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.memgpt)
            let path = "/v1/agents/\(agent)/messages/preview-raw-payload"
            let payload = try await server.send(.post, path, ["input": "Hi"]).expect(
                200, ["tool_choice": "required", "parallel_tool_calls": false]
            ).json
            let tools = payload["tools"]?.array?.compactMap { $0["function"] } ?? []
            #expect(tools.count == 4)
            for tool in tools {
                let keys = tool["parameters"]?["properties"]?.object?.keys
                #expect(keys?.first == "thinking")
                #expect((keys?.last == "request_heartbeat") == (tool["name"]?.string != "send_message"))
            }
            let first = payload["messages"]?[1]?["tool_calls"]?[0]?["function"]?["arguments"]?.string
            #expect(first?.hasPrefix("{\n  \"thinking\": ") == true, "the first messages think as later ones do")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `one history serves both loops and both ways of thinking`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.memgpt)
            let path = "/v1/agents/\(agent)"
            server.model.play(Self.speak("One"))
            try await server.say("1", to: agent).expect(200)
            let config = try #require(try await server.get(path).json["llm_config"]?.object)
            var plain = config
            plain["put_inner_thoughts_in_kwargs"] = false
            try await server.send(.patch, path, ["llm_config": .object(plain)]).expect(200)
            _ = server.model.takeRequests()
            server.model.play(.call("send_message", ["message": "Two"]))
            try await server.say("2", to: agent).expect(200)
            #expect(server.model.takeRequests()[0].messages.contains { $0.hasPrefix("assistant: hmsend_message") })
            // A message of the newest type's loop in between: text, and a call of the tool that is a plain call here.
            try await server.send(.patch, path, ["agent_type": "letta_v1_agent"]).expect(200)
            let type = try await server.get(path).json["agent_type"]?.string
            server.model.play(.say("Three"))
            try await server.say("3", to: agent).expect(200)
            try await server.send(.patch, path, ["llm_config": .object(config)]).expect(200)
            server.model.play(Self.speak("Four"))
            try await server.say("4", to: agent).expect(200)
            let said = try await server.said(by: agent).filter { $0.hasPrefix("assistant_message") }
            #expect(
                said.suffix(4) == ["One", "Two", "Three", "Four"].map { "assistant_message: \($0)" }[...],
                "\(type ?? "")")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `text of a model is an answer of every type`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for type in ["memgpt_agent", "memgpt_v2_agent", "react_agent", "workflow_agent"] {
                let agent = try await server.newAgent(["agent_type": .string(type)])
                server.model.play(.say("pla", "in"))
                let answer = try await server.say("Hi", to: agent)
                answer.expect(200, ["stop_reason": ["stop_reason": "end_turn"]])
                #expect(types(answer) == ["assistant_message"], "\(type)")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `garbage in arguments is a failed call in every form`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(Self.memgpt)
            for streaming in [false, true] {
                server.model.play(.call("memory_insert", text: #"{"label": "hu"#), Self.speak("Sorry"))
                let types =
                    streaming
                    ? try await server.stream("Hi", to: agent).map(\.type)
                    : types(try await server.say("Hi", to: agent).expect(200))
                #expect(types.contains("tool_return_message") && types.contains("assistant_message"))
            }
            #expect(server.model.takeRequests().last?.messages.last?.contains("Function call failed") == true)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a workflow agent forgets each turn`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["agent_type": "workflow_agent"])
            let path = "/v1/agents/\(agent)"
            let system = try #require(try await server.get(path).json["message_ids"]?[0]?.string)
            for text in ["one", "two"] {
                _ = server.model.takeRequests()
                try await server.say(text, to: agent).expect(200)
                #expect(try await server.get(path).json["message_ids"] == [.string(system)])
            }
            #expect(server.model.takeRequests()[0].messages == ["user: two"])
            #expect(try await server.said(by: agent).contains("user_message: one"), "all stays listed")
        }
    }
}
