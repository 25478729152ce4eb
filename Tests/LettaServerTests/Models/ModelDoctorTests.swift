import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// What is found out about models by calling them.
@Suite(.timeLimit(.minutes(2))) struct ModelDoctorTests {
    private static func stream(_ delta: String) -> FakeOpenAI.Reply {
        .events(
            .bytes(
                #"data: {"choices": [{"index": 0, "delta": \#(delta), "finish_reason": "stop"}]}"# + "\n\n"
                    + #"data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 40}}"#
                    + "\n\ndata: [DONE]\n\n"))
    }

    private static func answer(_ message: String) -> FakeOpenAI.Reply {
        .json(#"{"choices": [{"index": 0, "message": \#(message), "finish_reason": "stop"}]}"#)
    }

    private static let speed = stream(#"{"content": "one two three"}"#)
    private static let native = answer(
        #"{"tool_calls": [{"id": "a", "function": {"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}}]}"#)
    private static let text = answer(
        #"{"content": "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}"}"#)
    private static let prose = answer(#"{"content": "Sunny."}"#)
    private static let json = answer(#"{"content": "{\"total_number_of_legs\": 8}"}"#)
    private static let unsupported = FakeOpenAI.Reply.json(
        #"{"error": {"message": "m does not support tools"}}"#, status: 400)

    private func provider(_ fake: FakeOpenAI) -> Scenario {
        .post(
            "/v1/providers/",
            ["name": "mine", "provider_type": "vllm", "api_key": "", "base_url": .string(fake.baseURL)], expect: 200)
    }

    private static let listings = ["/models": #"{"data": [{"id": "m", "max_model_len": 5000}, {"id": "m-embed"}]}"#]

    @Test(arguments: [
        (native, json, "native", true), (text, json, "text", true), (prose, prose, "none", false),
        (unsupported, json, "none", true),
    ])
    func `a model's calls, structured answers and speed are found out`(
        _ calls: FakeOpenAI.Reply, _ structured: FakeOpenAI.Reply, _ calling: String, _ follows: Bool
    ) async throws {
        try await FakeOpenAI.serving(Self.speed, calls, structured) { fake in
            fake.answer(Self.listings)
            try await withServer(on: .sqlite) { server in
                try await server.run(provider(fake))
                let report = try await server.run(
                    .get(
                        "/v1/models/doctor?handle=mine/m", expect: 200,
                        [
                            "services": [
                                ["provider_name": "mine", "is_reached": true, "models": 3, "provider_type": "vllm"]
                            ],
                            "model": [
                                "handle": "mine/m", "is_listed": true, "is_reached": true, "context_window": 5000,
                                "tool_calling": .string(calling), "structured_output": .bool(follows), "error": nil,
                            ],
                        ]))
                let model = try #require(report.json["model"])
                #expect((model["first_token_milliseconds"]?.double ?? 0) > 0)
                let advice = model["advice"]?.array?.compactMap(\.string) ?? []
                #expect(advice.contains { $0.contains("5000 tokens is soon full") })
                #expect(advice.contains { $0.contains("called no tool") } == (calling == "none"))
                #expect(advice.contains { $0.contains("as text") } == (calling == "text"))
                #expect(advice.contains { $0.contains("JSON schema") } == !follows)
                #expect(fake.received[1].body["tools"]?[0]?["function"]?["name"] == "get_weather")
                #expect(fake.received[2].body["response_format"]?["type"] == "json_schema")
            }
        }
    }

    @Test func `what the service refuses is shown`() async throws {
        let refusal = FakeOpenAI.Reply.json(
            #"{"error": {"message": "Unsupported parameter: 'stream_options'", "param": "stream_options"}}"#,
            status: 400)
        try await FakeOpenAI.serving(refusal, Self.speed, Self.native, Self.json) { fake in
            fake.answer(Self.listings)
            try await withServer(on: .sqlite) { server in
                try await server.run(provider(fake))
                try await server.run(
                    .get(
                        "/v1/models/doctor?handle=mine/m", expect: 200,
                        ["model": ["adaptations": ["stream_options: refuses stream_options"]]]))
            }
        }
    }

    @Test func `an embedding model's vectors are measured`() async throws {
        let vectors = FakeOpenAI.Reply.json(
            #"{"data": [{"index": 0, "embedding": [0.5, 1, 2]}, {"index": 1, "embedding": [0.5, 1, 2]}]}"#)
        try await FakeOpenAI.serving(vectors) { fake in
            fake.answer(Self.listings)
            try await withServer(on: .sqlite) { server in
                try await server.run(provider(fake))
                try await server.run(
                    .get(
                        "/v1/models/doctor?handle=mine/m-embed", expect: 200,
                        ["model": ["model_type": "embedding", "embedding_dimensions": 3, "is_reached": true]]))
            }
        }
    }

    @Test func `a service that fails is told with what to set`() async throws {
        let wrongKey = FakeOpenAI.Reply.json(#"{"error": {"message": "Wrong key sk-secret."}}"#, status: 401)
        try await FakeOpenAI.serving(Self.speed) { fake in
            fake.answer(Self.listings)
            try await withServer(on: .sqlite, { $0.provider = fake.provider(key: "sk-secret") }) { server in
                _ = try await server.get("/v1/models/")
                fake.answer([:])
                fake.play(wrongKey)
                let other = try await server.addOrganization()
                try await server.run(provider(fake))
                let answer = try await server.run(
                    .get(
                        "/v1/models/doctor", expect: 200,
                        [
                            "services": [
                                [
                                    "provider_name": "openai", "is_reached": false, "provider_category": "base",
                                    "advice": ["The service does not accept the key. Set OPENAI_API_KEY."],
                                ],
                                [
                                    "provider_name": "mine", "is_reached": false,
                                    "advice": [.text(containing: "the api_key of the provider 'mine'")],
                                ],
                            ], "model": nil,
                        ]))
                #expect(answer.json["services"]?[0]?["error"] == "Wrong key •••.")
                try await server.run([
                    .get("/v1/models/doctor", as: other, expect: 200, ["services": .elements(1)]),
                    .get("/v1/models/doctor?handle=mine/m", as: other, expect: 404),
                    .get("/v1/models/doctor?handle=mine/nope", expect: 404),
                    .get("/v1/models/doctor?handle=nope", expect: 400),
                    .get(
                        "/v1/models/doctor?handle=openai-proxy/m", expect: 200,
                        ["model": ["is_reached": false, "error": .text(containing: "Wrong key")]]),
                ])
            }
        }
    }
}
