import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Compaction that a client asks for.
@Suite(.timeLimit(.minutes(5))) struct SummarizeTests {
    private static func talk(_ server: TestServer, _ fields: JSONObject = [:]) async throws -> String {
        let agent = try await server.newAgent(fields)
        for index in 0..<6 { try await server.say("m\(index)", to: agent).expect(200) }
        _ = server.model.takeRequests()
        return agent
    }

    @Test(
        arguments: Engines.scenarios,
        [
            ("sliding_window", 11), ("all", 2), ("self_compact_all", 2), ("self_compact_sliding_window", 11),
        ])
    func `each mode leaves what it should`(_ engine: TestEngine, _ mode: (name: String, left: Int)) async throws {
        try await withServer(on: engine) { server in
            let agent = try await Self.talk(server, ["compaction_settings": ["mode": .string(mode.name)]])
            server.model.play(.say("Ann said six things."))
            try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(
                200,
                [
                    "summary": "Ann said six things.", "num_messages_before": 13,
                    "num_messages_after": .int(Int64(mode.left)),
                ])
            let asked = server.model.takeRequests()
            #expect(asked.count == 1)
            let isOwn = mode.name.hasPrefix("self")
            #expect(asked[0].tools.isEmpty == !isOwn)
            let prompt = isOwn ? "message from the system" : "[user] m0\n[assistant] ok"
            #expect(asked[0].messages.last?.contains(prompt) == true)
            let said = try await server.said(by: agent)
            #expect(said.count == 13, "nothing is lost from the list")
            #expect(said.last?.contains(#""type": "system_alert""#) == true)
            #expect(said.last?.contains("Ann said six things.") == true)
            try await server.restart()
            let ids = try await server.get("/v1/agents/\(agent)").json["message_ids"]?.array
            #expect(ids?.count == mode.left)
            try await server.say("next", to: agent).expect(200)
            let next = try #require(server.model.takeRequests().first)
            #expect(next.messages.count == mode.left)
            #expect(next.messages.first?.contains("Ann said six things.") == true)
            #expect(next.system.contains("Ann") && next.system.contains("previous messages"))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `settings of the request, and a model that is not there`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await Self.talk(server)
            server.model.play(.say("0123456789 and more".padding))
            let answer = try await server.send(
                .post, "/v1/agents/\(agent)/summarize",
                ["compaction_settings": ["mode": "all", "model": "letta/auto", "clip_chars": 200, "prompt": "Sum up."]]
            ).expect(200, ["num_messages_after": 2])
            #expect(answer.json["summary"]?.string?.utf8.count == 200)
            #expect(server.model.takeRequests().first?.system == "Sum up.")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a model that fails leaves an extract`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await Self.talk(server)
            server.model.play(.fail(.server, status: 500))
            let answer = try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(200)
            #expect(answer.json["summary"]?.string?.contains("user: m0") == true)
            server.model.play(.nothing, .nothing)
            let again = try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(200)
            #expect(again.json["summary"]?.string?.contains("empty summary") == true)
            try await server.say("next", to: agent).expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a context with nothing to summarize stays as it is`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(
                200, ["summary": "", "num_messages_before": 1, "num_messages_after": 1])
        }
    }

    @Test(arguments: Engines.all)
    func `a conversation is compacted by itself`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await Self.talk(server)
            let fork = try await server.send(.post, "/v1/conversations/default/fork?agent_id=\(agent)").expect(200).id
            server.model.play(.say("Short."))
            try await server.send(
                .post, "/v1/conversations/\(fork)/compact", ["compaction_settings": ["mode": "all"]]
            ).expect(200, ["summary": "Short.", "num_messages_before": 13, "num_messages_after": 2])
            try await server.restart()
            let row = try await server.get("/v1/conversations/\(fork)")
            #expect(row.json["in_context_message_ids"]?.array?.count == 2)
            let ids = try await server.get("/v1/agents/\(agent)").json["message_ids"]?.array
            #expect(ids?.count == 13, "the agent's own context is another one")
            // The agent's own thread, named in both ways.
            server.model.play(.say("One."), .say("Two."))
            try await server.send(
                .post, "/v1/conversations/default/compact", ["agent_id": .string(agent)]
            ).expect(200, ["summary": "One.", "num_messages_after": 11])
            try await server.send(.post, "/v1/conversations/\(agent)/compact").expect(200, ["summary": "Two."])
            try await server.send(.post, "/v1/conversations/default/compact").expect(404)
        }
    }
}

extension String {
    fileprivate var padding: String { String(repeating: self, count: 100) }
}
