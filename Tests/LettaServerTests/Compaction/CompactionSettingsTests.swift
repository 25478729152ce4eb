import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Each of `compaction_settings` does what it says.
@Suite(.timeLimit(.minutes(2))) struct CompactionSettingsTests {
    private static let window = 20_000
    private static let modes = ["all", "sliding_window", "self_compact_all", "self_compact_sliding_window"]

    private func withTalk(
        _ engine: TestEngine, _ settings: JSONValue, _ body: (TestServer, NarrowModel, String) async throws -> Void
    ) async throws {
        let model = NarrowModel(window: Self.window)
        try await withServer(on: engine, { $0.provider = model }) { server in
            let agent = try await server.newAgent([
                "context_window_limit": .int(Int64(Self.window)), "compaction_settings": settings,
            ])
            for index in 0..<10 { try await server.say("m\(index)", to: agent).expect(200) }
            _ = model.takeRequests()
            try await body(server, model, agent)
        }
    }

    @Test(arguments: Engines.scenarios, modes)
    func `the summarizer has the settings of its model, and agrees first`(
        _ engine: TestEngine, _ mode: String
    ) async throws {
        let settings: JSONValue = [
            "mode": .string(mode), "prompt_acknowledgement": true,
            "model_settings": [
                "provider_type": "openai", "max_output_tokens": 321, "temperature": 0.25,
                "reasoning": ["reasoning_effort": "low"],
            ],
        ]
        try await withTalk(engine, settings) { server, model, agent in
            try await server.restart()
            try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(200, ["summary": "A summary."])
            let request = try #require(model.takeRequests().first)
            #expect(request.maxOutputTokens == 321 && request.temperature == 0.25)
            #expect(request.reasoningEffort == "low")
            let agreed = request.messages.dropLast().last
            guard case .assistant(let text?, _, _, _)? = agreed else {
                Issue.record("no acknowledgement: \(String(describing: agreed))")
                return
            }
            #expect(text.hasPrefix("Understood."))
            // The turns of the agent keep its own settings.
            try await server.say("next", to: agent).expect(200)
            #expect(model.takeRequests().first?.maxOutputTokens != 321)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `settings that are none change nothing`(_ engine: TestEngine) async throws {
        let settings: JSONValue = [
            "mode": "all", "model_settings": ["max_output_tokens": -1, "temperature": 9, "reasoning": 1, "x": "y"],
        ]
        try await withTalk(engine, settings) { server, model, agent in
            try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(200, ["summary": "A summary."])
            let request = try #require(model.takeRequests().first)
            #expect((request.maxOutputTokens ?? 1) > 0 && (0...2).contains(request.temperature ?? 1))
            #expect(request.reasoningEffort == nil && request.messages.count == 2, "without an acknowledgement")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a summary is clipped by characters, whatever they take`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            for index in 0..<4 { try await server.say("m\(index)", to: agent).expect(200) }
            for (clip, count) in [(7, 7), (1_000, 300), (300, 300)] {
                try await server.say("more", to: agent).expect(200)
                server.model.play(.say(String(repeating: "ü", count: 300)))
                let answer = try await server.send(
                    .post, "/v1/agents/\(agent)/summarize",
                    ["compaction_settings": ["mode": "all", "clip_chars": .int(Int64(clip))]]
                ).expect(200)
                #expect(answer.json["summary"]?.string?.count == count, "\(clip)")
            }
        }
    }

    @Test(arguments: Engines.scenarios, [0.05, 0.25, 0.5, 0.9])
    func `a sliding window takes out the share that it names`(_ engine: TestEngine, _ share: Double) async throws {
        let settings: JSONValue = ["mode": "sliding_window", "sliding_window_percentage": .double(share)]
        try await withTalk(engine, settings) { server, _, agent in
            let answer = try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(200)
            let (before, after) = (answer.json["num_messages_before"]?.int, answer.json["num_messages_after"]?.int)
            let left = Double((after ?? 0) - 2) / Double(before ?? 1)
            #expect(before == 21 && abs(left - (1 - share)) < 0.1, "\(answer.text)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a breaker that is open says so, and lets messages through`(_ engine: TestEngine) async throws {
        try await withTalk(engine, ["mode": "all"]) { server, model, agent in
            model.change { $0.refusesSummaries = true }
            var told: [String] = []
            for _ in 0..<5 {
                try await server.say("x", to: agent).expect(200)
                let answer = try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(200)
                told.append(answer.json["summary"]?.string ?? "")
            }
            #expect(told[0].contains("broken") && told[4].contains("repeated failures"), "\(told)")
            #expect(model.summaries == 3, "the model is spared")
            try await server.say("next", to: agent).expect(200, ["messages": [["content": "Answer."]]])
        }
    }
}
