import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// An agent on a model that is too small for the usual prompt.
@Suite(.timeLimit(.minutes(5))) struct SmallModelTests {
    @Test(arguments: Engines.scenarios)
    func `a fact is kept in a block and used after a restart`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.behave(as: ModelTraits(toolCalls: .maybeText, isSmall: true))
            let agent = try await server.newAgent()
            server.model.play(.say(#"{"label": "human", "#, #""content": "Owns a boat."}"#), .say("I will."))
            let answer = try await server.say("Please remember my boat.", to: agent)
            answer.expect(
                200,
                [
                    "messages": [
                        ["message_type": "tool_call_message", "tool_call": ["name": "memory_insert"]],
                        ["message_type": "tool_return_message", "status": "success"],
                        ["message_type": "assistant_message", "content": "I will."],
                    ]
                ])
            let path = "/v1/agents/\(agent)/core-memory/blocks/human"
            try await server.get(path).expect(200, ["value": "Ann\nOwns a boat."])
            let asked = server.model.takeRequests()
            #expect(asked.map(\.tools) == [[], []])
            #expect(asked[0].responseFormat?["type"] == "json_schema")
            #expect(asked[0].messages == ["user: Please remember my boat."])
            #expect(asked[1].responseFormat == nil)
            #expect(asked[1].system.contains("Ann\nOwns a boat.") && !asked[1].system.contains("<memory_blocks>"))
            try await server.restart()
            try await server.say("What do I own?", to: agent).expect(200)
            let later = try #require(server.model.takeRequests().first)
            #expect(later.system.contains("Owns a boat."))
            #expect(
                later.messages == ["user: Please remember my boat.", "assistant: I will.", "user: What do I own?"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a tool that a rule demands is asked for as JSON`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.behave(as: ModelTraits(toolCalls: .maybeText))
            let rule: JSONValue = ["type": "run_first", "tool_name": "memory_insert"]
            let agent = try await server.newAgent(["tool_rules": [rule]])
            let call = #"{"name": "memory_insert", "arguments": {"label": "human", "new_string": "x"}}"#
            server.model.play(.say(call), .say("done"))
            let events = try await server.stream("Hi", to: agent, ["stream_tokens": true])
            #expect(events.map(\.type).contains("tool_return_message"))
            #expect(!events.contains { $0.json["content"]?.string?.contains("memory_insert") == true })
            let asked = server.model.takeRequests()
            #expect(asked.first?.responseFormat?["json_schema"]?["name"] == "call")
            #expect(asked.first?.tools == [])
            #expect(asked.last?.responseFormat == nil)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a model that takes no tools is asked again without them`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.fail(.toolsNotSupported, status: 400), .say("Hello."))
            try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "Hello."]]])
            #expect(server.model.takeRequests().map(\.tools.isEmpty) == [false, true])
        }
    }
}
