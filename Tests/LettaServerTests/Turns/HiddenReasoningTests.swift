import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Reasoning that a provider does not show.
@Suite(.timeLimit(.minutes(2))) struct HiddenReasoningTests {
    private static func events(_ events: [String]) -> FakeOpenAI.Reply {
        .events(.bytes(events.map { "data: \($0)\n\n" }.joined()))
    }

    /// A service's format with an answer whose reasoning is hidden, and what is shown of it.
    private struct Service: Sendable, CustomTestStringConvertible {
        var kind: String
        var answer: FakeOpenAI.Reply
        var state: JSONValue
        var data: JSONValue
        var testDescription: String { kind }
    }

    private static let services = [
        Service(
            kind: "openai",
            answer: events([
                #"{"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}"#,
                #"""
                {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 9, "completion_tokens_details": \#
                {"reasoning_tokens": 7}}}
                """#, "[DONE]",
            ]), state: "omitted", data: nil),
        Service(
            kind: "anthropic",
            answer: events([
                #"{"type": "message_start", "message": {"usage": {"input_tokens": 5}}}"#,
                #"{"type": "content_block_start", "index": 0, "content_block": {"type": "redacted_thinking", "data": "ZW5j"}}"#,
                #"{"type": "content_block_stop", "index": 0}"#,
                #"{"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "hello"}}"#,
                #"{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}"#, #"{"type": "message_stop"}"#,
            ]), state: "redacted", data: "ZW5j"),
    ]

    private func withAgent(
        _ engine: TestEngine, _ service: Service, _ loop: JSONObject,
        _ body: (TestServer, String) async throws -> Void
    ) async throws {
        try await FakeOpenAI.serving(service.answer) { fake in
            try await withServer(on: engine) { server in
                var fields: JSONObject = [
                    "model": .null,
                    "llm_config": [
                        "model": "m", "model_endpoint_type": .string(service.kind),
                        "model_endpoint": .string(fake.baseURL), "context_window": 50_000,
                    ],
                ]
                for (key, value) in loop { fields[key] = value }
                let agent = try await server.newAgent(fields)
                try await body(server, agent)
            }
        }
    }

    @Test(arguments: Engines.scenarios, services)
    private func `hidden reasoning is told in answers, streams and lists`(
        _ engine: TestEngine, _ service: Service
    ) async throws {
        for loop: JSONObject in [[:], ["agent_type": "memgpt_v2_agent", "include_base_tools": false]] {
            try await hiddenReasoningIsTold(engine, service, loop)
        }
    }

    private func hiddenReasoningIsTold(
        _ engine: TestEngine, _ service: Service, _ loop: JSONObject
    ) async throws {
        try await withAgent(engine, service, loop) { server, agent in
            let hidden: JSONValue = [
                "message_type": "hidden_reasoning_message", "state": service.state,
                "hidden_reasoning": service.data, "id": .id("message"),
            ]
            let answer = try await server.say("Hi", to: agent)
            answer.expect(200, ["messages": [hidden, ["message_type": "assistant_message", "content": "hello"]]])
            try await server.restart()
            let list = try await server.get("/v1/agents/\(agent)/messages")
            let entries = (list.json.array ?? []).filter { $0["id"] == answer.json["messages"]?[0]?["id"] }
            #expect(entries.map { $0["otid"] } == answer.json["messages"]?.array?.map { $0["otid"] }, "\(list.text)")
            #expect(entries.first?["state"] == service.state && entries.first?["hidden_reasoning"] == service.data)
            for tokens in [false, true] {
                let events = try await server.stream("Hi", to: agent, ["stream_tokens": .bool(tokens)])
                let shown = events.filter { $0.type == "hidden_reasoning_message" }
                #expect(shown.map { $0.json["state"] } == [service.state], "\(events.map(\.text))")
                let stored = try await server.get("/v1/messages/\(shown.first?.json["id"]?.string ?? "")").json
                #expect(stored.array?.map { $0["otid"] }.contains(shown.first?.json["otid"]) == true, "\(stored)")
            }
            let none = try await server.say("Hi", to: agent, ["include_return_message_types": ["assistant_message"]])
            none.expect(200, ["messages": [["message_type": "assistant_message"]]])
        }
    }
}
