import Foundation
import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Whatever a turn did, the next plain message is answered.
@Suite(.timeLimit(.minutes(10))) struct OverflowTests {
    private static let window = 4_000

    private func withModel(
        _ engine: TestEngine, _ model: NarrowModel, configured: Int = window,
        _ body: (TestServer, String) async throws -> Void
    ) async throws {
        try await withServer(on: engine, { $0.provider = model }) { server in
            let agent = try await server.newAgent([
                "context_window_limit": .int(Int64(configured)), "system": "You are Ada.", "include_base_tools": false,
            ])
            _ = model.takeRequests()
            try await body(server, agent)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a refusal of the service compacts and goes on, also when the window is smaller than configured`(
        _ engine: TestEngine
    ) async throws {
        let model = NarrowModel(window: 2_000)
        try await withModel(engine, model, configured: 100_000) { server, agent in
            for turn in 0..<30 {
                try await server.say("m\(turn) " + String(repeating: "word ", count: 100), to: agent).expect(200)
            }
            #expect(model.overflows > 0)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `compaction without a model keeps the agent going, and the model is spared for a while`(
        _ engine: TestEngine
    ) async throws {
        let model = NarrowModel(window: Self.window)
        model.change { $0.refusesSummaries = true }
        try await withModel(engine, model) { server, agent in
            for turn in 0..<120 {
                try await server.say("m\(turn) " + String(repeating: "word ", count: 200), to: agent).expect(200)
            }
            #expect(model.summaries >= 3 && model.summaries < 10, "\(model.summaries)")
            #expect(model.overflows == 0)
            #expect(server.errors.contains { $0.contains("without a model") })
        }
    }

    @Test(arguments: Engines.all)
    func `a message longer than the window is shown in part, and that is said`(_ engine: TestEngine) async throws {
        let model = NarrowModel(window: 6_000)
        try await withModel(engine, model, configured: 6_000) { server, agent in
            let long = String(repeating: "omega ", count: 20_000)
            let answer = try await server.say(long, to: agent).expect(200)
            #expect(answer.json["messages"]?[0]?["content"]?.string?.contains("120000 characters") == true)
            #expect(answer.json["messages"]?[1]?["content"] == "Answer.")
            #expect(model.overflows == 0)
            try await server.restart()
            let list = try await server.get("/v1/agents/\(agent)/messages?order=asc").json.array ?? []
            let kept = try #require(list.first { $0["content"]?.string == long })
            #expect(kept["is_err"] == true)
            for path in ["/v1/agents/\(agent)/messages?", "/v1/conversations/default/messages?agent_id=\(agent)&"] {
                let all = try await server.get("\(path)include_err=true").ids
                let taken = try await server.get("\(path)include_err=false").json.array ?? []
                #expect(all.contains(kept["id"]?.string ?? "") && taken.count == all.count - 1)
                #expect(taken.allSatisfy { $0["is_err"] == .null }, "only what a model could not take is left out")
            }
            try await server.say("next", to: agent).expect(200, ["messages": [["content": "Answer."]]])
            let events = try await server.stream(long, to: agent, ["stream_tokens": true])
            #expect(events.suffix(3).map(\.type) == ["stop_reason", "usage_statistics", "[DONE]"])
            #expect(model.overflows == 0)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an image that the model refuses becomes a note, once`(_ engine: TestEngine) async throws {
        let model = NarrowModel(window: Self.window)
        model.change { $0.refusesImages = true }
        try await withModel(engine, model) { server, agent in
            let image: JSONValue = [
                "type": "image", "source": ["type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="],
            ]
            let answer = try await server.send(
                .post, "/v1/agents/\(agent)/messages",
                ["messages": [["role": "user", "content": [["type": "text", "text": "Look"], image]]]]
            ).expect(200)
            #expect(answer.json["messages"]?[0]?["content"]?.string?.contains("no eyes") == true)
            _ = model.takeRequests()
            try await server.say("next", to: agent).expect(200, ["messages": [["content": "Answer."]]])
            #expect(model.takeRequests().count == 1, "the image is not sent again")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an empty text that the service refuses becomes a note, once`(_ engine: TestEngine) async throws {
        let model = NarrowModel(window: Self.window)
        model.change { $0.refusesEmptyTexts = true }
        try await withModel(engine, model) { server, agent in
            try await server.send(
                .post, "/v1/agents/\(agent)/messages", ["messages": [["role": "user", "content": ""]]]
            ).expect(200)
            _ = model.takeRequests()
            try await server.say("next", to: agent).expect(200, ["messages": [["content": "Answer."]]])
            #expect(model.takeRequests().count == 1)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a message that the service refuses is left out by the next one`(_ engine: TestEngine) async throws {
        let model = NarrowModel(window: Self.window)
        model.change { $0.forbidden = "poison" }
        try await withModel(engine, model) { server, agent in
            try await server.say("hello", to: agent).expect(200)
            try await server.say("poison", to: agent).expect(400)
            let answer = try await server.say("next", to: agent).expect(200)
            #expect(answer.json["messages"]?[0]?["content"]?.string?.contains("forbidden") == true)
            _ = model.takeRequests()
            try await server.say("more", to: agent).expect(200, ["messages": [["content": "Answer."]]])
            let requests = model.takeRequests()
            #expect(requests.count == 1)
            let said = try await server.said(by: agent)
            #expect(said.contains("user_message: poison"), "it stays in the list")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a system prompt that is too long is told, changes nothing, and can be mended`(
        _ engine: TestEngine
    ) async throws {
        let model = NarrowModel(window: Self.window)
        try await withModel(engine, model) { server, agent in
            let path = "/v1/agents/\(agent)"
            try await server.send(.patch, path, ["system": .string(String(repeating: "word ", count: 6_000))]).expect(
                200)
            let answer = try await server.say("one", to: agent).expect(400)
            let detail = answer.json["detail"]?.string ?? ""
            #expect(detail.hasPrefix("CONTEXT_WINDOW_EXCEEDED: The system prompt tokens"))
            let events = try await server.stream("two", to: agent)
            #expect(
                events.contains { $0.json["stop_reason"] == "context_window_overflow_in_system_prompt" })
            let runs = try await server.get("/v1/runs/?agent_id=\(agent)&limit=1")
            #expect(runs.json[0]?["metadata"]?["error"]?.string?.contains("CONTEXT_WINDOW_EXCEEDED") == true)
            let block = try await server.get("\(path)/core-memory/blocks/human")
            #expect(block.json["value"] == "Ann")
            try await server.send(.patch, path, ["system": "You are Ada."]).expect(200)
            try await server.say("three", to: agent).expect(200, ["messages": [["content": "Answer."]]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a compaction is shown as the client asks`(_ engine: TestEngine) async throws {
        let model = NarrowModel(window: Self.window)
        try await withModel(engine, model) { server, agent in
            var kinds: Set<String> = []
            for turn in 0..<40 where kinds.count < 3 {
                let asEvents = !kinds.contains("summary_message")
                let answer = try await server.say(
                    "m\(turn) " + String(repeating: "word ", count: 200), to: agent,
                    ["include_compaction_messages": .bool(asEvents)]
                ).expect(200)
                for entry in answer.json["messages"]?.array ?? [] where entry["message_type"] != "assistant_message" {
                    let type = entry["message_type"]?.string ?? ""
                    kinds.insert(type)
                    switch type {
                    case "event_message":
                        #expect(asEvents && entry["event_type"] == "compaction")
                        #expect(entry["event_data"]?["context_window"] == .int(Int64(Self.window)))
                    case "summary_message":
                        #expect(asEvents && entry["summary"] == "A summary.")
                        #expect(entry["compaction_stats"]?["messages_count_after"] != nil)
                    default:
                        #expect(!asEvents && entry["content"]?.string?.contains("compaction_stats") == true)
                    }
                }
            }
            #expect(kinds == ["event_message", "summary_message", "user_message"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the next day is told with the newest message`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(on: engine, { $0.now = { time.now } }) { server in
            let agent = try await server.newAgent(["timezone": "Europe/Berlin"])
            try await server.say("one", to: agent).expect(200)
            time.pass(hours: 30)
            try await server.say("two", to: agent).expect(200)
            try await server.say("three", to: agent).expect(200)
            let asked = server.model.takeRequests()
            #expect(asked[0].messages == ["user: one"])
            #expect(asked[1].messages.last == "user: [Today is Saturday, 2027-01-16, CET+0100.]\n\ntwo")
            #expect(asked[2].messages.last == "user: three")
            #expect(Array(asked[2].messages.prefix(3)) == asked[1].messages, "the prefix stays")
            #expect(asked[1].system == asked[0].system)
        }
    }
}
