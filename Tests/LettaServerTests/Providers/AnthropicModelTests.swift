import JSON
import TestSupport
import Testing

/// Agents on a provider that speaks Anthropic's API.
@Suite(.timeLimit(.minutes(2))) struct AnthropicModelTests {
    private static let models =
        #"{"data": [{"id": "claude-sonnet-4-5", "max_input_tokens": 200000, "max_tokens": 64000}], "has_more": false}"#

    private static func reply(_ events: String...) -> FakeOpenAI.Reply {
        .events(.bytes(events.map { "data: \($0)\n\n" }.joined()))
    }

    private static let call = reply(
        #"{"type": "message_start", "message": {"usage": {"input_tokens": 3, "cache_creation_input_tokens": 7}}}"#,
        #"{"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}}"#,
        #"{"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "tea"}}"#,
        #"{"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}}"#,
        #"{"type": "content_block_start", "index": 1,"#
            + #" "content_block": {"type": "tool_use", "id": "toolu_1", "name": "memory_insert"}}"#,
        #"{"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "#
            + #""partial_json": "{\"label\": \"human\", \"new_string\": \"Likes tea\"}"}}"#,
        #"{"type": "content_block_stop", "index": 1}"#,
        #"{"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}"#,
        #"{"type": "message_stop"}"#)

    private static let answer = reply(
        #"{"type": "message_start", "message": {"usage": {"input_tokens": 5}}}"#,
        #"{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}}"#,
        #"{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}"#,
        #"{"type": "message_stop"}"#)

    @Test(arguments: Engines.scenarios)
    func `a turn calls a tool, and the signed reasoning goes back`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(Self.call, Self.answer, models: Self.models) { fake in
            try await withServer(on: engine) { server in
                try await server.run([
                    .post(
                        "/v1/providers/",
                        [
                            "name": "claude", "provider_type": "anthropic", "api_key": "sk-ant",
                            "base_url": .string(fake.baseURL),
                        ], expect: 200, ["last_error": nil])
                ])
                let agent = try await server.newAgent([
                    "model": "claude/claude-sonnet-4-5", "reasoning": true, "max_reasoning_tokens": 2000,
                ])
                let config = try #require(try await server.get("/v1/agents/\(agent)").json["llm_config"]?.object)
                #expect(config["model_endpoint_type"] == "anthropic" && config["provider_name"] == "claude")
                try await server.say("Hi", to: agent).expect(
                    200,
                    [
                        "messages": [
                            ["message_type": "reasoning_message", "reasoning": "tea", "signature": "c2ln"],
                            ["message_type": "tool_call_message"], ["message_type": "tool_return_message"],
                            ["message_type": "assistant_message", "content": "hello"],
                        ], "usage": ["prompt_tokens": 15, "cache_write_tokens": 7],
                    ])
                #expect(fake.received.map(\.path) == ["/v1/messages", "/v1/messages"])
                #expect(fake.received.map(\.apiKey) == ["sk-ant", "sk-ant"])
                #expect(fake.received.map { $0.body["thinking"]?["budget_tokens"] } == [2000, 2000])
                let last = try #require(fake.received.last?.body["messages"]?.array)
                #expect(
                    last.dropLast().last?["content"]?[0]
                        == ["type": "thinking", "thinking": "tea", "signature": "c2ln"])
                #expect(last.last?["content"]?[0]?["tool_use_id"] == "toolu_1")
            }
        }
    }
}
