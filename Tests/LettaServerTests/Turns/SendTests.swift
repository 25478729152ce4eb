import JSON
import LettaAPI
import TestSupport
import Testing

/// One message, one answer.
@Suite(.timeLimit(.minutes(5))) struct SendTests {
    @Test(arguments: Engines.all)
    func `an answer tells what was said, what it cost and why it ended`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.say("Hel", "lo"))
            let answer = try await server.say("Hi", to: agent)
            answer.expect(
                200,
                [
                    "messages": [
                        [
                            "message_type": "assistant_message", "content": "Hello", "id": .id("message"),
                            "run_id": .id("run"), "step_id": .id("step"), "otid": .anything, "date": .anything,
                        ]
                    ],
                    "stop_reason": ["message_type": "stop_reason", "stop_reason": "end_turn"],
                    "usage": [
                        "message_type": "usage_statistics", "prompt_tokens": 10, "completion_tokens": 5,
                        "total_tokens": 15, "step_count": 1, "run_ids": nil,
                    ],
                ])
            #expect(server.model.takeRequests().map(\.messages) == [["user: Hi"]])
            #expect(try await server.said(by: agent) == ["user_message: Hi", "assistant_message: Hello"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `messages and input are two ways to say the same`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/messages"
            let several: JSONValue = [
                "messages": [
                    ["role": "user", "content": "one", "otid": "mine"],
                    ["role": "user", "content": [["type": "text", "text": "two"]]],
                ]
            ]
            try await server.send(.post, path, several).expect(200)
            try await server.send(.post, path, ["input": [["type": "text", "text": "three"]]]).expect(200)
            let requests = server.model.takeRequests()
            #expect(requests.last?.messages.count == 4)
            let list = try await server.get(path).expect(200)
            let otids = list.json.array?.compactMap { $0["otid"]?.string } ?? []
            #expect(otids.contains("mine"))
        }
    }

    static let badBodies: [JSONValue] = [
        [:], ["input": "a", "messages": [["role": "user", "content": "b"]]], ["messages": []], ["input": 5],
        ["messages": [["role": "nobody", "content": "b"]]], ["messages": [["role": "user"]]],
        ["input": "a", "stream_tokens": true], ["input": "a", "max_steps": "many"],
    ]

    @Test(arguments: Engines.scenarios)
    func `a body that says too little or too much changes nothing`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            for body in Self.badBodies {
                try await server.send(.post, "/v1/agents/\(agent)/messages", body).expect(422)
            }
            let missing = "agent-\(nobody)"
            try await server.say("Hi", to: missing).expect(404, ["detail": .text(containing: missing)])
            try await server.say("Hi", to: "agent-5").expect(422)
            let unknown = try await server.send(.post, "/v1/agents/\(missing)/messages/stream", ["input": "Hi"])
            unknown.expect(404)
            try await server.say("Hi", to: agent, ["override_model": "openai-proxy/none"]).expect(404)
            #expect(try await server.said(by: agent) == [])
            #expect(try await server.get("/v1/runs/?agent_id=\(agent)").ids == [])
            #expect(server.model.takeRequests().isEmpty)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `no step at all keeps the message`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.say("Hi", to: agent, ["max_steps": 0]).expect(
                200, ["messages": [], "stop_reason": ["stop_reason": "end_turn"], "usage": ["step_count": 0]])
            #expect(server.model.takeRequests().isEmpty)
            try await server.say("there?", to: agent).expect(200)
            #expect(server.model.takeRequests().map(\.messages) == [["user: Hi", "user: there?"]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the last allowed step ends the turn`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let find = ScriptedModel.Play.call("conversation_search", ["query": "x"])
            server.model.play(find, find, find)
            try await server.say("Hi", to: agent, ["max_steps": 2]).expect(
                200,
                [
                    "messages": .elements(4), "stop_reason": ["stop_reason": "max_steps"],
                    "usage": ["step_count": 2, "total_tokens": 30],
                ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `only the types asked for come back`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let only: JSONObject = ["include_return_message_types": ["assistant_message"]]
            let find = ScriptedModel.Play.call("conversation_search", ["query": "x"])
            server.model.play(find, .say("done"), find, .say("done"))
            try await server.say("Hi", to: agent, only).expect(
                200, ["messages": [["message_type": "assistant_message"]], "usage": ["step_count": 2]])
            let events = try await server.stream("Hi", to: agent, only)
            #expect(events.map(\.type) == ["ping", "assistant_message", "stop_reason", "usage_statistics", "[DONE]"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a system text for one turn is not kept`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.say("Hi", to: agent, ["override_system": "Be a cat."]).expect(200)
            try await server.say("Hi", to: agent).expect(200)
            let systems = server.model.takeRequests().map(\.system)
            #expect(systems.first == "Be a cat.")
            #expect(systems.last?.contains("Be a cat.") == false && systems.last?.contains("Ann") == true)
        }
    }
}
