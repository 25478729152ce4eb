import JSON
import LettaAPI
import LettaClient
import TestSupport
import Testing

/// A turn as it happens.
@Suite(.timeLimit(.minutes(5))) struct StreamTests {
    @Test(arguments: Engines.scenarios)
    func `whole messages come in order and the end is told`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x"]), .say("All ", "done"))
            let events = try await server.stream("Hi", to: agent)
            #expect(
                events.map(\.type) == [
                    "ping", "tool_call_message", "tool_return_message", "assistant_message", "stop_reason",
                    "usage_statistics", "[DONE]",
                ])
            #expect(events.first?.json["run_id"]?.string?.hasPrefix("run-") == true)
            #expect(events[3].json["content"]?.string == "All done")
            #expect(events[4].json["stop_reason"]?.string == "end_turn")
            #expect(events[5].json["step_count"]?.int == 2)
            #expect(events.allSatisfy { $0.name == nil })
            let list = try await server.get("/v1/agents/\(agent)/messages")
            #expect(list.ids.contains(events[3].json["id"]?.string ?? "none"), "ids are those of the list")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `tokens come one by one under one id`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x"]), .say("All ", "done"))
            let events = try await server.stream("Hi", to: agent, ["stream_tokens": true])
            let calls = events.filter { $0.type == "tool_call_message" }.map(\.json)
            #expect(calls.count == 3)
            #expect(calls.first?["tool_call"]?["name"]?.string == "memory_insert")
            let arguments = calls.compactMap { $0["tool_call"]?["arguments"]?.string }.joined()
            #expect(try JSONParser().parse(arguments)["label"]?.string == "human")
            let pieces = events.filter { $0.type == "assistant_message" }.map(\.json)
            #expect(pieces.compactMap { $0["content"]?.string } == ["All ", "done"])
            #expect(Set(pieces.compactMap { $0["id"]?.string }).count == 1)
            #expect(events.first?.type == "ping")
            #expect(events.suffix(3).map(\.type) == ["stop_reason", "usage_statistics", "[DONE]"])
            let withoutPings = try await server.stream("Hi", to: agent, ["include_pings": false])
            #expect(withoutPings.first?.type == "assistant_message")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `only new clients may ask for a stream beside the answer`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/messages"
            let body: JSONValue = ["input": "Hi", "streaming": true]
            let stream = try await server.send(.post, path, body)
            #expect(stream.status == 200 && stream[header: "Content-Type"]?.hasPrefix("text/event-stream") == true)
            #expect(stream.text.hasSuffix("data: [DONE]\n\n"))
            try await server.send(.post, path, body, as: .legacy).expect(422)
            #expect(server.model.takeRequests().count == 1)
            let legacy = try await server.send(.post, "\(path)/stream", ["input": "Hi"], as: .legacy)
            #expect(legacy.text.hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a reader that leaves does not stop the turn`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, after: "I go ", then: .say("on")))
            try await server.serving { address in
                try await LettaClient.withClient(baseURL: address) { client in
                    var hello = SendMessages("Hi")
                    hello.streamTokens = true
                    for try await _ in client.stream(hello, to: ID(agent)) { break }
                }
                await hold.reached()
            }
            hold.release()
            // The next message waits for the end of the turn before.
            try await server.say("there?", to: agent).expect(200)
            #expect(
                try await server.said(by: agent) == [
                    "user_message: Hi", "assistant_message: I go on", "user_message: there?", "assistant_message: ok",
                ])
            try await server.get("/v1/runs/active").expect(200, [])
        }
    }
}
