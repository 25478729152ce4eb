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
            server.model.play(.say("I will."))
            let answer = try await server.say("Please remember that I own a boat.", to: agent)
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
            try await server.get(path).expect(200, ["value": "Ann\nThe user owns a boat."])
            let asked = server.model.takeRequests()
            #expect(asked.map(\.tools) == [[]])
            #expect(asked[0].system.contains("Ann\nThe user owns a boat."))
            #expect(!asked[0].system.contains("<memory_blocks>"))
            try await server.restart()
            try await server.say("What do I own?", to: agent).expect(200)
            let later = try #require(server.model.takeRequests().first)
            #expect(later.system.contains("The user owns a boat."))
            #expect(
                later.messages == [
                    "user: Please remember that I own a boat.", "assistant: I will.",
                    "user: What do I own?\n\n[From your memory: The user owns a boat. "
                        + "The user said: Please remember that I own a boat.]",
                ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `archival memory and the conversation are searched for a question`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.behave(as: ModelTraits(toolCalls: .maybeText, isSmall: true))
            let agent = try await server.newAgent()
            let passage: JSONValue = ["text": "The code of the bike lock is 4711."]
            try await server.run([.post("/v1/agents/\(agent)/archival-memory", passage, expect: 200)])
            server.model.play(.say("How strange."))
            try await server.say("Last night I dreamt of a whale.", to: agent).expect(200)
            try await server.restart()
            server.model.play(.say("It is 1234."), .say("Of a cat."))
            try await server.say("What is the code of my bike lock?", to: agent).expect(
                200, ["messages": [["content": "The code of the bike lock is 4711."]]])
            try await server.say("What did I dream of last night?", to: agent).expect(
                200, ["messages": [["content": #"You told me: "Last night I dreamt of a whale.""#]]])
            let asked = server.model.takeRequests().compactMap(\.messages.last)
            #expect(asked[1].hasSuffix("[From your memory: The code of the bike lock is 4711.]"))
            #expect(asked[2].hasSuffix("[From your memory: The user said: Last night I dreamt of a whale.]"))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a claim of an act without the act is neither streamed nor stored`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.behave(as: ModelTraits(toolCalls: .maybeText, isSmall: true))
            let agent = try await server.newAgent()
            server.model.play(.say("Hello Ann. I have added milk to your list."))
            let events = try await server.stream("Hi", to: agent, ["stream_tokens": true])
            let shown = events.filter { $0.type == "assistant_message" }.compactMap { $0.json["content"]?.string }
            #expect(shown.joined() == "Hello Ann.")
            try await server.restart()
            let stored = try await server.get("/v1/agents/\(agent)/messages?order=desc&limit=1")
            stored.expect(200, [["message_type": "assistant_message", "content": "Hello Ann."]])
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
