import JSON
import ModelProviders
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct OpenAIProviderTests {
    static let request = ModelRequest(model: "gpt-4o-mini", messages: [.user([.text("hi")])])
    static let answer = #"""
        {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"},
         "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5,
         "prompt_tokens_details": {"cached_tokens": 1}, "completion_tokens_details": {"reasoning_tokens": 0}}}
        """#

    /// The failure of completing the usual request.
    private func failure(_ provider: OpenAIProvider) async -> ProviderFailure? {
        await #expect(throws: ProviderFailure.self) { try await provider.complete(Self.request) }
    }

    @Test func theModelListIsAskedForWithTheKey() async throws {
        try await FakeOpenAI.serving(.json(#"{"data": [{"id": "gpt-4o"}]}"#)) { fake in
            let models = try await fake.provider().listModels()
            #expect(models.first?.handle == "openai-proxy/gpt-4o")
            #expect(fake.received.map(\.path) == ["/v1/models"])
            #expect(fake.received.first?.authorization == "Bearer sk-test-key")
            _ = try await fake.provider(key: nil).listModels()
            #expect(fake.received.last?.authorization == nil)
        }
    }

    @Test func listingIsNotRepeated() async throws {
        try await FakeOpenAI.serving(.json("{}", status: 500)) { fake in
            await #expect(throws: ProviderFailure.self) { try await fake.provider().listModels() }
            #expect(fake.received.count == 1)
        }
    }

    @Test func aServerSeenToBeLlamaServerIsSpokenToAsSuch() async throws {
        let list = #"{"data": [{"id": "qwen", "owned_by": "llamacpp"}]}"#
        try await FakeOpenAI.serving(.json(list), .json(Self.answer)) { fake in
            let provider = fake.provider()
            _ = try await provider.listModels()
            var request = Self.request
            request.tools = [ModelTool(name: "add", description: nil, parameters: [:])]
            request.toolChoice = .one("add")
            _ = try await provider.complete(request)
            #expect(fake.received.last?.body["tool_choice"] == "required")
        }
    }

    @Test func anAnswerInOnePieceIsRead() async throws {
        try await FakeOpenAI.serving(.json(Self.answer)) { fake in
            let answer = try await fake.provider().complete(Self.request)
            let usage = ModelUsage(
                promptTokens: 3, completionTokens: 2, totalTokens: 5, cachedPromptTokens: 1, reasoningTokens: 0)
            #expect(answer == ModelAnswer(text: "hello", finishReason: .stop, usage: usage))
            #expect(fake.received.map(\.path) == ["/v1/chat/completions"])
            #expect(fake.received.first?.body["stream"] == nil)
        }
    }

    @Test func toolCallsInOnePieceAreRead() async throws {
        let reply = #"""
            {"choices": [{"message": {"content": null, "reasoning_content": "hm", "tool_calls": [
              {"id": "a", "type": "function", "function": {"name": "add", "arguments": "{\"x\":1,,"}},
              {"function": {"name": "sub", "arguments": {"y": 2}}}, {"function": {}}]}}]}
            """#
        try await FakeOpenAI.serving(.json(reply)) { fake in
            let answer = try await fake.provider().complete(Self.request)
            #expect(answer.text == nil)
            #expect(answer.reasoning == "hm")
            #expect(answer.finishReason == .toolCalls)
            #expect(answer.usage == nil)
            #expect(answer.toolCalls.map(\.name) == ["add", "sub"])
            #expect(answer.toolCalls.map(\.arguments) == [#"{"x":1,,"#, #"{"y":2}"#])
        }
    }

    @Test(arguments: [
        (400, ProviderFailure.Kind.badRequest, 1), (401, .authentication, 1), (402, .insufficientCredits, 1),
        (403, .permissionDenied, 1), (404, .notFound, 1), (405, .badRequest, 1), (408, .timeout, 3),
        (422, .unprocessable, 1), (429, .rateLimited, 3), (500, .server, 3), (502, .server, 3), (503, .overloaded, 3),
        (529, .overloaded, 3),
    ])
    func everyErrorStatusIsAFailureOfItsKind(status: Int, kind: ProviderFailure.Kind, requests: Int) async throws {
        let reply = #"{"error": {"message": "scripted \#(status)", "type": "scripted", "code": null}}"#
        try await FakeOpenAI.serving(.json(reply, status: status)) { fake in
            let failure = await failure(fake.provider())
            #expect(failure == ProviderFailure(kind, status: status, message: "scripted \(status)"))
            #expect(fake.received.count == requests)
            let streamed = await #expect(throws: ProviderFailure.self) {
                for try await _ in fake.provider().stream(Self.request) {}
            }
            #expect(streamed == failure)
            #expect(fake.received.count == 2 * requests)
        }
    }

    @Test(arguments: [
        (
            429, #"{"error": {"code": "insufficient_quota", "message": "pay"}}"#,
            ProviderFailure.Kind.insufficientCredits
        ),
        (400, #"{"error": {"code": "context_length_exceeded", "message": "m"}}"#, .contextWindowExceeded),
        (
            400, #"{"error": {"message": "This model's maximum context length is 8192 tokens."}}"#,
            .contextWindowExceeded
        ),
        (400, #"{"error": {"type": "exceed_context_size_error", "message": "m"}}"#, .contextWindowExceeded),
        (400, #"{"error": "plain words"}"#, .badRequest), (400, #"{"detail": "from FastAPI"}"#, .badRequest),
        (400, "<html>a proxy</html>", .badRequest), (404, "", .notFound),
        (500, #"{"error": {"message": "output does not match the expected peg-native format"}}"#, .invalidAnswer),
    ])
    func theTextOfAnErrorTellsMoreThanItsStatus(status: Int, body: String, kind: ProviderFailure.Kind) async throws {
        try await FakeOpenAI.serving(.json(body, status: status)) { fake in
            let failure = await failure(fake.provider())
            #expect(failure?.kind == kind)
            #expect(failure?.message.isEmpty == false)
            #expect(fake.received.count == 1)
        }
    }

    @Test func aFailureThatPassesIsRepeated() async throws {
        try await FakeOpenAI.serving(
            .json("{}", status: 500), .json("{}", status: 429, headers: ["retry-after": "0"]), .json(Self.answer)
        ) { fake in
            let answer = try await fake.provider().complete(Self.request)
            #expect(answer.text == "hello")
            #expect(fake.received.count == 3)
        }
    }

    @Test func aProviderThatAsksForTooLongAWaitIsNotAskedAgain() async throws {
        try await FakeOpenAI.serving(.json("{}", status: 429, headers: ["retry-after": "61"])) { fake in
            #expect(await failure(fake.provider())?.retryAfter == .seconds(61))
            #expect(fake.received.count == 1)
        }
    }

    @Test func theKeyNeverGetsIntoAMessage() async throws {
        let reply = #"{"error": {"message": "Incorrect API key provided: sk-test-key."}}"#
        try await FakeOpenAI.serving(.json(reply, status: 401)) { fake in
            #expect(await failure(fake.provider())?.message == "Incorrect API key provided: •••.")
        }
    }

    @Test(arguments: [
        "not json", "", "{}", "[]", #"{"choices": []}"#, #"{"choices": [{"message": null}]}"#, "\u{FFFD}{",
    ])
    func anAnswerThatMakesNoSenseIsNotRepeated(body: String) async throws {
        try await FakeOpenAI.serving(.json(body)) { fake in
            #expect(await failure(fake.provider())?.kind == .invalidAnswer)
            #expect(fake.received.count == 1)
        }
    }

    @Test func tenMegabytesAreAnAnswerToo() async throws {
        let text = String(repeating: "0123456789", count: 1_048_576)
        let reply = #"{"choices": [{"message": {"content": "\#(text)"}, "finish_reason": "length"}]}"#
        try await FakeOpenAI.serving(.json(reply)) { fake in
            let answer = try await fake.provider().complete(Self.request)
            #expect(answer.text?.utf8.count == text.utf8.count)
            #expect(answer.finishReason == .length)
        }
    }

    @Test func aCutAnswerIsRepeatedAndThenAFailure() async throws {
        let half = FakeOpenAI.Reply(parts: [.bytes(#"{"choices": [{"mess"#), .cut])
        try await FakeOpenAI.serving(half, .json(Self.answer)) { fake in
            let answer = try await fake.provider().complete(Self.request)
            #expect(answer.text == "hello")
        }
        try await FakeOpenAI.serving(half) { fake in
            #expect(await failure(fake.provider())?.kind == .cut)
            #expect(fake.received.count == 3)
        }
    }

    @Test func aServerThatHangsForTenMinutesIsGivenUpAndNotAskedAgain() async throws {
        for parts in [[FakeOpenAI.Part.hang], [.bytes("{"), .hang]] {
            try await FakeOpenAI.serving(FakeOpenAI.Reply(parts: parts)) { fake in
                let clock = ManualClock()
                let provider = fake.provider(clock: clock)
                async let failure = failure(provider)
                for await _ in fake.silences { break }
                clock.advance(by: .seconds(599))
                clock.advance(by: .seconds(1))
                #expect(await failure?.kind == .timeout)
                #expect(fake.received.count == 1)
                for await _ in fake.departures { break }
            }
        }
    }

    @Test func nobodyListeningIsNoConnection() async throws {
        let transport = ProviderTransport()
        let provider = OpenAIProvider(
            settings: ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1"), transport: transport,
            retries: RetryPolicy(firstDelay: .milliseconds(1)))
        #expect(await failure(provider)?.kind == .connection)
        try await transport.shutdown()
    }

    @Test func cancellingClosesTheConnection() async throws {
        try await FakeOpenAI.serving(FakeOpenAI.Reply(parts: [.bytes("{"), .hang])) { fake in
            let provider = fake.provider()
            let call = Task { try await provider.complete(Self.request) }
            for await _ in fake.silences { break }
            call.cancel()
            let failure = await #expect(throws: ProviderFailure.self) { try await call.value }
            #expect(failure?.kind == .cancelled)
            for await _ in fake.departures { break }
            #expect(fake.received.count == 1)
        }
    }

    @Test func textsBecomeVectorsInTheirOrder() async throws {
        let reply = #"{"data": [{"index": 1, "embedding": [3, 4.5]}, {"index": 0, "embedding": [1, -2]}]}"#
        try await FakeOpenAI.serving(.json("{}", status: 500), .json(reply)) { fake in
            let provider = fake.provider()
            let vectors = try await provider.embed(["a", "b"], model: "e")
            #expect(vectors == [[1, -2], [3, 4.5]])
            #expect(
                fake.received.last?.body == ["input": ["a", "b"], "model": "e", "encoding_format": "float"])
            #expect(fake.received.last?.path == "/v1/embeddings")
            let none = try await provider.embed([], model: "e")
            #expect(none.isEmpty && fake.received.count == 2)
        }
    }

    @Test func manyTextsGoInSeveralRequests() async throws {
        func reply(_ count: Int) -> FakeOpenAI.Reply {
            let vectors = (0..<count).map { #"{"index": \#($0), "embedding": [\#($0)]}"# }
            return .json(#"{"data": [\#(vectors.joined(separator: ","))]}"#)
        }
        try await FakeOpenAI.serving(reply(128), reply(2)) { fake in
            let vectors = try await fake.provider().embed(Array(repeating: "t", count: 130), model: "e")
            let expected = (Array(0..<128) + [0, 1]).map { [Float($0)] }
            #expect(vectors == expected)
        }
    }

    @Test(arguments: [
        "{}", #"{"data": []}"#, #"{"data": [{"embedding": [1]}]}"#,
        #"{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}"#,
        #"{"data": [{"index": 0, "embedding": [1]}, {"index": 7, "embedding": [1]}]}"#,
        #"{"data": [{"embedding": [1]}, {"embedding": []}]}"#, #"{"data": [{"embedding": [1]}, {"embedding": ["x"]}]}"#,
        #"{"data": [{"embedding": [1]}, {"embedding": [1, 2]}]}"#,
        #"{"data": [{"embedding": [1]}, {"embedding": [1e99]}]}"#,
    ])
    func vectorsThatCannotBeRightAreRefused(reply: String) async throws {
        try await FakeOpenAI.serving(.json(reply)) { fake in
            let failure = await #expect(throws: ProviderFailure.self) {
                try await fake.provider().embed(["a", "b"], model: "e")
            }
            #expect(failure?.kind == .invalidAnswer)
        }
    }
}
