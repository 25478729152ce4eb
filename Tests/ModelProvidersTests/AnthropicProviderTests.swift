import JSON
import ModelProviders
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct AnthropicProviderTests {
    static let request = ModelRequest(model: "claude-sonnet-4-5", messages: [.user([.text("hi")])])
    static let answer = #"""
        {"type": "message", "role": "assistant", "content": [
          {"type": "thinking", "thinking": "hm", "signature": "sig"}, {"type": "text", "text": "hello"},
          {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"x": 1}}], "stop_reason": "tool_use",
         "usage": {"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": 10,
                   "cache_creation_input_tokens": 5, "output_tokens_details": {"thinking_tokens": 1}}}
        """#
    static let usage = ModelUsage(
        promptTokens: 18, completionTokens: 2, cachedPromptTokens: 10, cacheWriteTokens: 5, reasoningTokens: 1)

    private func failure(_ provider: AnthropicProvider) async -> ProviderFailure? {
        await #expect(throws: ProviderFailure.self) { try await provider.complete(Self.request) }
    }

    @Test func `an answer in one piece is read`() async throws {
        try await FakeOpenAI.serving(.json(Self.answer)) { fake in
            let answer = try await fake.anthropic().complete(Self.request)
            #expect(
                answer
                    == ModelAnswer(
                        text: "hello", reasoning: "hm", reasoningSignature: "sig",
                        toolCalls: [ModelToolCall(id: "toolu_1", name: "add", arguments: #"{"x":1}"#)],
                        finishReason: .toolCalls, usage: Self.usage))
            let call = try #require(fake.received.first)
            #expect(call.path == "/v1/messages" && call.apiKey == "sk-test-key" && call.authorization == nil)
            #expect(call.body["stream"] == nil && call.body["max_tokens"] == 4096)
        }
    }

    @Test(arguments: [
        ("end_turn", ModelFinishReason.stop), ("stop_sequence", .stop), ("max_tokens", .length),
        ("model_context_window_exceeded", .length), ("tool_use", .toolCalls), ("refusal", .contentFilter),
        ("pause_turn", .other("pause_turn")),
    ])
    func `every stop reason is known`(reason: String, finish: ModelFinishReason) async throws {
        let reply = #"{"content": [{"type": "text", "text": "x"}], "stop_reason": "\#(reason)"}"#
        try await FakeOpenAI.serving(.json(reply)) { fake in
            let answer = try await fake.anthropic().complete(Self.request)
            #expect(answer.finishReason == finish)
        }
    }

    @Test(arguments: [
        (400, "invalid_request_error", "max_tokens: too large", ProviderFailure.Kind.badRequest, 1),
        (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", .contextWindowExceeded, 1),
        (
            400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 9 + 1 > 8",
            .contextWindowExceeded, 1
        ),
        (
            400, "invalid_request_error", "Your credit balance is too low to access the API.", .insufficientCredits, 1
        ),
        (401, "authentication_error", "invalid x-api-key", .authentication, 1),
        (403, "permission_error", "no", .permissionDenied, 1), (404, "not_found_error", "model: m", .notFound, 1),
        (429, "rate_limit_error", "slow down", .rateLimited, 3), (500, "api_error", "oops", .server, 3),
        (529, "overloaded_error", "Overloaded", .overloaded, 3),
    ])
    func `every error is a failure of its kind, streamed or not`(
        status: Int, type: String, message: String, kind: ProviderFailure.Kind, requests: Int
    ) async throws {
        let reply = #"{"type": "error", "error": {"type": "\#(type)", "message": "\#(message)"}}"#
        try await FakeOpenAI.serving(.json(reply, status: status)) { fake in
            let failure = await failure(fake.anthropic())
            #expect(failure == ProviderFailure(kind, status: status, message: message))
            #expect(fake.received.count == requests)
            let streamed = await #expect(throws: ProviderFailure.self) {
                for try await _ in fake.anthropic().stream(Self.request) {}
            }
            #expect(streamed == failure)
            #expect(fake.received.count == 2 * requests)
        }
    }

    @Test func `a provider that asks for a long wait is not asked again`() async throws {
        try await FakeOpenAI.serving(.json("{}", status: 429, headers: ["retry-after": "61"])) { fake in
            #expect(await failure(fake.anthropic())?.retryAfter == .seconds(61))
            #expect(fake.received.count == 1)
        }
    }

    @Test func `an overloaded provider is asked again`() async throws {
        try await FakeOpenAI.serving(.json("{}", status: 529), .json(Self.answer)) { fake in
            let answer = try await fake.anthropic().complete(Self.request)
            #expect(answer.text == "hello")
        }
    }

    @Test func `the key never gets into a message`() async throws {
        let reply = #"{"type": "error", "error": {"type": "authentication_error", "message": "bad: sk-test-key"}}"#
        try await FakeOpenAI.serving(.json(reply, status: 401)) { fake in
            #expect(await failure(fake.anthropic())?.message == "bad: •••")
        }
    }

    @Test(arguments: ["not json", "{}", "[]", #"{"content": null}"#])
    func `an answer without content is not asked for again`(reply: String) async throws {
        try await FakeOpenAI.serving(.json(reply)) { fake in
            #expect(await failure(fake.anthropic())?.kind == .invalidAnswer)
            #expect(fake.received.count == 1)
        }
    }

    @Test func `embeddings are refused without a call`() async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            let failure = await #expect(throws: ProviderFailure.self) {
                try await fake.anthropic().embed(["a"], model: "m")
            }
            #expect(failure?.kind == .badRequest)
            #expect(fake.received.isEmpty)
        }
    }

    // MARK: Listing

    @Test func `all pages of models are listed`() async throws {
        try await FakeOpenAI.serving(
            .json(
                #"""
                {"data": [{"id": "claude-x", "display_name": "X", "max_input_tokens": 1000000, "max_tokens": 128000},
                          {"id": "claude-old", "lifecycle": "retired"}], "has_more": true, "last_id": "claude-old"}
                """#),
            .json(
                #"""
                {"data": [{"id": "claude-3-haiku-20240307"}, {"id": "claude-3-5-haiku-latest"},
                          {"id": "claude-sonnet-4-5"}, {"id": "small", "max_input_tokens": 8000}],
                 "has_more": false, "last_id": "small"}
                """#)
        ) { fake in
            let models = try await fake.anthropic().listModels()
            #expect(fake.received.map(\.path) == ["/v1/models", "/v1/models"])
            #expect(fake.received.map(\.query) == ["limit=1000", "limit=1000&after_id=claude-old"])
            #expect(
                models.map(\.handle) == [
                    "anthropic/claude-3-5-haiku-latest", "anthropic/claude-3-haiku-20240307",
                    "anthropic/claude-sonnet-4-5", "anthropic/claude-x", "anthropic/small",
                ])
            #expect(models.map(\.contextWindow) == [200_000, 200_000, 200_000, 1_000_000, 8_000])
            #expect(models.map(\.maxTokens) == [8_192, 4_096, 16_384, 16_384, 4_000])
            #expect(models.map(\.displayName).contains("X"))
            #expect(models.allSatisfy { $0.endpointType == "anthropic" && $0.modelType == .llm })
        }
    }

    @Test func `a list that is none is a failure`() async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            let failure = await #expect(throws: ProviderFailure.self) { try await fake.anthropic().listModels() }
            #expect(failure?.kind == .invalidAnswer)
        }
    }
}
