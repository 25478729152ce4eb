import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// What a model would be asked, and questions to it that no agent learns of.
@Suite(.timeLimit(.minutes(5))) struct TurnPreviewTests {
    @Test(arguments: Engines.scenarios)
    func `a preview is the request that would be sent, and changes nothing`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.say("one", to: agent).expect(200)
            let path = "/v1/agents/\(agent)/messages/preview-raw-payload"
            let payload = try await server.send(.post, path, ["input": "two"]).expect(
                200, ["model": "gpt-4o-mini", "tool_choice": "auto", "parallel_tool_calls": false]
            ).json
            let messages = try #require(payload["messages"]?.array)
            #expect(messages.compactMap { $0["role"]?.string } == ["system", "user", "assistant", "user"])
            #expect(messages.last?["content"]?.string == "two")
            let tools = payload["tools"]?.array?.compactMap { $0["function"]?["name"]?.string } ?? []
            #expect(tools.contains("memory_insert"))
            #expect(server.model.takeRequests().count == 1)
            #expect(try await server.said(by: agent) == ["user_message: one", "assistant_message: ok"])
            #expect(try await server.get("/v1/runs/").ids.count == 1)
            // What was shown is what is sent.
            try await server.say("two", to: agent).expect(200)
            let asked = try #require(server.model.takeRequests().last)
            #expect(asked.system == messages[0]["content"]?.string)
            #expect(Set(asked.tools) == Set(tools))
            try await server.send(.post, "/v1/agents/agent-\(nobody)/messages/preview-raw-payload", ["input": "x"])
                .expect(404)
            try await server.send(.post, path, [:]).expect(422)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `generating leaves no trace`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/generate"
            server.model.play(.say("Good ", "day"), .fail(.rateLimited, status: 429), .nothing)
            try await server.send(.post, path, ["prompt": "Say hello", "system_prompt": "Be kind."]).expect(
                200,
                [
                    "content": "Good day", "model": "gpt-4o-mini",
                    "usage": ["prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "step_count": 0],
                ])
            let asked = try #require(server.model.takeRequests().first)
            #expect(asked.system == "Be kind." && asked.messages == ["user: Say hello"] && asked.tools == [])
            try await server.send(.post, path, ["prompt": "x"]).expect(429, ["error": ["type": "llm_rate_limit"]])
            try await server.send(.post, path, ["prompt": "x", "override_model": "openai-proxy/gpt-4.1"]).expect(
                200, ["content": "", "model": "gpt-4.1"])
            try await server.send(.post, path, ["messages": []]).expect(422)
            try await server.send(.post, path, ["prompt": "x", "override_model": "openai/none"]).expect(404)
            try await server.send(.post, "/v1/agents/agent-\(nobody)/generate", ["prompt": "x"]).expect(404)
            #expect(try await server.said(by: agent) == [])
            try await server.get("/v1/runs/").expect(200, [])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the client's skills are in this turn's prompt alone`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let skills: JSONValue = [
                ["name": "letters", "description": "writes letters", "location": "/home/a/skills/letters/SKILL.md"]
            ]
            try await server.say("one", to: agent, ["client_skills": skills]).expect(200)
            try await server.say("two", to: agent).expect(200)
            try await server.say("three", to: agent, ["client_skills": skills, "override_system": "Only this."])
                .expect(200)
            let asked = server.model.takeRequests().map(\.system)
            #expect(asked[0].hasPrefix(asked[1]))
            #expect(asked[0].hasSuffix("    └── SKILL.md (writes letters)\n</available_skills>"))
            #expect(!asked[1].contains("available_skills"))
            #expect(asked[2] == "Only this.")
            try await server.say("four", to: agent, ["client_skills": [["name": "x"]]]).expect(422)
        }
    }
}
