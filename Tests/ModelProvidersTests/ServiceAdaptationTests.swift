import JSON
import ModelProviders
import TestSupport
import Testing

/// Services refuse fields that the API has: each refusal is answered once, and remembered.
@Suite(.timeLimit(.minutes(2))) struct ServiceAdaptationTests {
    private static let answer = FakeOpenAI.Reply.json(
        #"{"choices": [{"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}]}"#)
    private static let stream = FakeOpenAI.Reply.events(
        .bytes(#"data: {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}"# + "\n\n"))

    private static func refusal(_ message: String, _ field: String = "null", status: Int = 400) -> FakeOpenAI.Reply {
        .json(
            #"{"error": {"message": "\#(message)", "type": "invalid_request_error", "param": \#(field)}}"#,
            status: status)
    }

    private static var request: ModelRequest {
        var request = ModelRequest(
            model: "m", messages: [.user([.text("hi")], name: "ann"), .assistant(text: "a", reasoning: "because")],
            tools: [ModelTool(name: "now", description: nil, parameters: ["type": "object"], isStrict: true)],
            toolChoice: .required, temperature: 0.5, maxOutputTokens: 10)
        request.reasoningEffort = "low"
        request.responseFormat = ["type": "json_object"]
        request.user = "user-1"
        return request
    }

    struct Row: Sendable {
        var message: String
        var field = "null"
        /// What is sent at first and left out then.
        var gone: String
        var adaptation: ServiceAdaptation
    }

    static let rows = [
        Row(
            message: "Unsupported parameter: 'max_completion_tokens' is not supported with this model.",
            field: #""max_completion_tokens""#, gone: "max_completion_tokens", adaptation: .maxTokens),
        Row(
            message: "parallel_tool_calls is not supported by this model", gone: "parallel_tool_calls",
            adaptation: .parallelToolCalls),
        Row(message: "Unrecognized request argument supplied: user", gone: "user", adaptation: .user),
        Row(message: "body.user: Extra inputs are not permitted", gone: "user", adaptation: .user),
        Row(message: "tools[0].function.strict: unknown field", gone: "strict", adaptation: .strict),
        Row(
            message: "'tool_choice' must be auto, required is not supported", gone: "tool_choice",
            adaptation: .toolChoice),
        Row(
            message: "response_format json_object is not available", gone: "response_format",
            adaptation: .responseFormat),
        Row(
            message: "Unsupported value: 'temperature' does not support 0.5", field: #""temperature""#,
            gone: "temperature", adaptation: .temperature),
        Row(
            message: "Unknown parameter: 'reasoning_effort'.", gone: "reasoning_effort", adaptation: .reasoningEffort),
        Row(
            message: "property 'messages.1.reasoning_content' is unsupported", gone: "reasoning_content",
            adaptation: .reasoningContent),
        Row(message: "property 'name' is unsupported", gone: "name", adaptation: .name),
    ]

    private func has(_ field: String, _ body: JSONValue) -> Bool {
        switch field {
        case "strict": body["tools"]?[0]?["function"]?["strict"] != nil
        case "tool_choice": body["tool_choice"] == "required"
        case "reasoning_content": body["messages"]?[1]?["reasoning_content"] != nil
        case "name": body["messages"]?[0]?["name"] != nil
        default: body[field] != nil
        }
    }

    @Test(arguments: rows)
    func `a refused field is left out from then on`(_ row: Row) async throws {
        try await FakeOpenAI.serving(Self.refusal(row.message, row.field), Self.answer) { fake in
            let answer = try await fake.provider().complete(Self.request)
            #expect(answer.text == "hello")
            try #require(fake.received.count == 2)
            #expect(has(row.gone, fake.received[0].body) && !has(row.gone, fake.received[1].body))
            // Another client of the same service knows it.
            let other = fake.provider()
            let again = try await other.complete(Self.request)
            #expect(again.text == "hello")
            #expect(fake.received.count == 3 && !has(row.gone, fake.received[2].body))
            var another = Self.request
            another.model = "another"
            _ = try await other.complete(another)
            #expect(has(row.gone, fake.received[3].body), "it is known of one model")
            let facts = fake.transport.learned.facts(of: .init(address: fake.baseURL, model: "m"))
            #expect(facts.adaptations == [row.adaptation])
        }
    }

    @Test func `a refusal before a stream is answered, too`() async throws {
        let refusal = Self.refusal("Unknown parameter: stream_options is not allowed")
        try await FakeOpenAI.serving(refusal, Self.stream) { fake in
            var deltas: [ModelDelta] = []
            for try await delta in fake.provider(maximumRetries: 0).stream(Self.request) { deltas.append(delta) }
            #expect(deltas == [.text("hello"), .finish(.stop)])
            #expect(fake.received.map { $0.body["stream_options"] != nil } == [true, false])
        }
    }

    @Test func `several fields are refused one after the other`() async throws {
        try await FakeOpenAI.serving(
            Self.refusal("max_completion_tokens is not supported"), Self.refusal("Unsupported parameter: max_tokens"),
            Self.refusal("max_completion_tokens is not supported"),
            Self.refusal("parallel_tool_calls is unsupported"), Self.answer
        ) { fake in
            let answer = try await fake.provider().complete(Self.request)
            #expect(answer.text == "hello")
            let bodies = fake.received.map(\.body)
            #expect(bodies.map { $0["max_completion_tokens"] != nil } == [true, false, true, false, false])
            #expect(bodies.last?["max_tokens"] == nil && bodies.last?["parallel_tool_calls"] == nil)
        }
    }

    @Test(arguments: [
        "max_completion_tokens is too large: 10. This model supports at most 5.", "The model is unknown.",
        "Invalid schema for function 'now'.", "The user said something that is not allowed.",
    ])
    func `a refusal that no field explains is told`(_ message: String) async throws {
        try await FakeOpenAI.serving(Self.refusal(message), Self.answer) { fake in
            let failure = await #expect(throws: ProviderFailure.self) {
                try await fake.provider().complete(Self.request)
            }
            #expect(failure?.kind == .badRequest && failure?.message == message)
            #expect(fake.received.count == 1)
        }
    }

    @Test func `a service that refuses for ever is asked a bounded number of times`() async throws {
        try await FakeOpenAI.serving(
            Self.refusal("user, strict, name, temperature, tool_choice: 'user' is not supported, tool_choice")
        ) { fake in
            await #expect(throws: ProviderFailure.self) { try await fake.provider().complete(Self.request) }
            #expect(fake.received.count < ServiceAdaptation.allCases.count)
        }
    }

    @Test func `a model that only the Responses API serves is called there`() async throws {
        let refusal = Self.refusal(
            "This model is only supported in v1/responses and not in v1/chat/completions.", status: 404)
        let reply = FakeOpenAI.Reply.json(
            #"{"object": "response", "output": [{"type": "message", "content": [{"text": "hello"}]}]}"#)
        try await FakeOpenAI.serving(refusal, reply) { fake in
            let answer = try await fake.provider().complete(Self.request)
            #expect(answer.text == "hello")
            #expect(fake.received.map(\.path) == ["/v1/chat/completions", "/v1/responses"])
        }
    }

    @Test func `what is stored is known from the start, and what is learned is handed over`() async throws {
        let learned = LearnedServices()
        let key = LearnedServices.Key(address: "http://h/v1", model: "m")
        let (heard, hear) = AsyncStream<LearnedServices.Facts>.makeStream()
        learned.begin(with: [(key, .init(adaptations: [.user]))]) { _, facts in hear.yield(facts) }
        #expect(learned.facts(of: key).adaptations == [.user])
        await learned.learn(of: key) { $0.adaptations.insert(.user) }
        await learned.learn(of: key) { $0.embeddingDimensions = 3 }
        for await facts in heard {
            #expect(facts == .init(adaptations: [.user], embeddingDimensions: 3), "nothing new is not handed over")
            break
        }
    }

    // MARK: Profiles

    @Test func `Mistral's ids of calls have nine letters and digits`() async throws {
        try await FakeOpenAI.serving(Self.answer) { fake in
            var request = Self.request
            request.messages += [
                .assistant(text: nil, toolCalls: [ModelToolCall(id: "call_0123456789", name: "now", arguments: "{}")]),
                .tool(callID: "call_0123456789", text: "x"),
                .assistant(text: nil, toolCalls: [ModelToolCall(id: "abcDEF123", name: "now", arguments: "{}")]),
            ]
            _ = try await fake.client(.openAI, service: "mistral").complete(request)
            let body = try #require(fake.received.first?.body)
            let made = body["messages"]?[2]?["tool_calls"]?[0]?["id"]
            #expect(made?.string?.utf8.count == 9 && body["messages"]?[3]?["tool_call_id"] == made)
            #expect(body["messages"]?[4]?["tool_calls"]?[0]?["id"] == "abcDEF123")
            #expect(body["max_tokens"] == 10 && body["user"] == nil && !has("reasoning_content", body))
        }
    }

    @Test func `Azure has its own addresses and header`() async throws {
        try await FakeOpenAI.serving(Self.answer) { fake in
            let root = String(fake.baseURL.dropLast("/v1".count))
            for (address, path, query) in [
                (root, "/openai/deployments/m/chat/completions", "api-version=2025-01-01"),
                (
                    "\(root)/openai/deployments/other/chat/completions", "/openai/deployments/m/chat/completions",
                    "api-version=2025-01-01"
                ),
                ("\(root)/openai/v1/", "/openai/v1/chat/completions", nil),
            ] as [(String, String, String?)] {
                let azure = fake.client(.azure, address: address, apiVersion: "2025-01-01")
                let answer = try await azure.complete(Self.request)
                #expect(answer.text == "hello")
                let call = try #require(fake.received.last)
                #expect(call.path == path && call.query == query, "\(address)")
                #expect(call.header("api-key") == "sk-test-key" && call.authorization == nil)
            }
            var request = Self.request
            request.model = "../a?b#c"
            _ = try await fake.client(.azure, address: root).complete(request)
            #expect(fake.received.last?.path == "/openai/deployments/a%3Fb%23c/chat/completions")
        }
    }

    @Test func `addresses of chat completions are understood`() async throws {
        try await FakeOpenAI.serving(Self.answer) { fake in
            let provider = fake.client(.openAI, address: fake.baseURL + "/chat/completions")
            _ = try await provider.complete(Self.request)
            #expect(fake.received.last?.path == "/v1/chat/completions")
        }
    }

    @Test func `every type of endpoint has a profile`() {
        #expect(ServiceProfile.endpoint("google").kind == .google)
        #expect(ServiceProfile.endpoint("lmstudio").type == "lmstudio_openai")
        #expect(ServiceProfile.endpoint("something-new").kind == .openAI)
        #expect(ServiceProfile.endpoint("openai_responses").kind == .responses)
        #expect(Set(ServiceProfile.all.map(\.type)).count == ServiceProfile.all.count)
    }
}
