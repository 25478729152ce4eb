import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// Providers of every type and wire format, as users configure them and agents name them.
@Suite(.timeLimit(.minutes(3))) struct EveryProviderTests {
    /// What a fake service says in one wire format.
    struct Service: Sendable {
        var types: [ProviderType]
        var kind: ProviderKind
        /// The bodies of its listings, by the ends of their paths.
        var listings: [String: String]
        var model: String
        var answer: FakeOpenAI.Reply
        var path: String

        static let all = [openAI, anthropic, google, ollama, azure]

        private static func events(_ events: String...) -> FakeOpenAI.Reply {
            .events(.bytes(events.map { "data: \($0)\n\n" }.joined()))
        }

        private static let chat = events(
            #"{"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}"#, "[DONE]")

        static let openAI = Service(
            types: [
                .baseten, .bedrock, .cerebras, .deepseek, .fireworks, .groq, .huggingFace, .lmstudio, .mistral, .openai,
                .openrouter, .sglang, .together, .vllm, .xai, .zai, .zaiCoding,
            ], kind: .openAI, listings: ["/models": #"{"data": [{"id": "m", "max_model_len": 50000}]}"#], model: "m",
            answer: chat, path: "/v1/chat/completions")

        static let azure = Service(
            types: [.azure], kind: .azure,
            listings: ["/deployments": #"{"data": [{"id": "m", "model": "gpt-4o"}]}"#], model: "m", answer: chat,
            path: "/v1/openai/deployments/m/chat/completions")

        static let anthropic = Service(
            types: [.anthropic, .minimax], kind: .anthropic,
            listings: ["/models": #"{"data": [{"id": "m", "max_input_tokens": 50000}]}"#], model: "m",
            answer: events(
                #"{"type": "message_start", "message": {"usage": {"input_tokens": 5}}}"#,
                #"{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}}"#,
                #"{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}"#, #"{"type": "message_stop"}"#),
            path: "/v1/messages")

        static let google = Service(
            types: [.googleAI], kind: .google,
            listings: [
                "/models": #"""
                {"models": [{"name": "models/m", "inputTokenLimit": 50000,
                "supportedGenerationMethods": ["generateContent"]}]}
                """#
            ], model: "m",
            answer: events(#"{"candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}]}"#),
            path: "/v1/models/m:streamGenerateContent")

        static let ollama = Service(
            types: [.ollama], kind: .ollama,
            listings: [
                "/api/tags": #"{"models": [{"name": "m"}]}"#,
                "/api/show": #"""
                {"model_info": {"general.architecture": "x", "x.context_length": 50000}, "capabilities": ["tools"]}
                """#,
            ], model: "m",
            answer: .events(.bytes(#"{"message": {"content": "hello"}, "done": true, "eval_count": 1}"# + "\n")),
            path: "/api/chat")
    }

    @Test func `every type that is spoken is tried here`() {
        #expect(Set(Service.all.flatMap(\.types)) == Set(ProviderType.allCases.filter(\.isSpoken)))
    }

    @Test(arguments: Service.all)
    func `a user's provider lists its models and answers a turn`(_ service: Service) async throws {
        try await FakeOpenAI.serving(service.answer) { fake in
            fake.answer(service.listings)
            try await withServer(on: .sqlite) { server in
                for type in service.types {
                    let name = "mine-\(type.rawValue)"
                    try await server.run([
                        .post(
                            "/v1/providers/",
                            [
                                "name": .string(name), "provider_type": .string(type.rawValue), "api_key": "sk-mine",
                                "base_url": .string(fake.baseURL),
                            ], expect: 200, ["last_error": nil]),
                        .get(
                            "/v1/models/?provider_name=\(name)", expect: 200,
                            [
                                [
                                    "handle": .string("\(name)/m"), "provider_type": .string(type.rawValue),
                                    "model_endpoint_type": .string(service.kind.rawValue),
                                ]
                            ]),
                    ])
                    let agent = try await server.newAgent(["model": .string("\(name)/m")])
                    try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "hello"]]])
                    #expect(fake.received.last?.path == service.path, "\(type)")
                    let call = try #require(fake.received.last)
                    let keys = ["authorization", "x-api-key", "x-goog-api-key", "api-key"].compactMap {
                        call.header($0)
                    }
                    #expect(keys == ["sk-mine"] || keys == ["Bearer sk-mine"], "\(type)")
                }
            }
        }
    }

    @Test(arguments: Service.all)
    func `a configuration without a handle is called in the format that it names`(_ service: Service) async throws {
        try await FakeOpenAI.serving(service.answer) { fake in
            try await withServer(on: .sqlite) { server in
                let agent = try await server.newAgent([
                    "model": .null,
                    "llm_config": [
                        "model": "m", "model_endpoint_type": .string(service.kind.rawValue),
                        "model_endpoint": .string(fake.baseURL), "context_window": 50_000,
                    ],
                ])
                try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "hello"]]])
                #expect(fake.received.map(\.path) == [service.path])
                #expect(server.model.takeRequests().isEmpty)
                try await server.restart()
                try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "hello"]]])
                if service.kind == .ollama {
                    #expect(fake.received.last?.body["options"]?["num_ctx"] == 50_000)
                }
            }
        }
    }

    // MARK: Reasoning across steps

    @Test(arguments: Engines.scenarios)
    func `a signature of Google goes back with the result, and no client sees it`(_ engine: TestEngine) async throws {
        let call = FakeOpenAI.Reply.events(
            .bytes(
                #"""
                data: {"candidates": [{"content": {"parts": [{"text": "tea", "thought": true}, {"functionCall": \#
                {"name": "memory_insert", "args": {"label": "human", "new_string": "Likes tea"}}, \#
                "thoughtSignature": "c2ln"}]}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 15, \#
                "cachedContentTokenCount": 7, "thoughtsTokenCount": 3}}
                """# + "\n\n"))
        try await FakeOpenAI.serving(call, Service.google.answer) { fake in
            fake.answer(Service.google.listings)
            try await withServer(on: engine) { server in
                try await server.run([
                    .post(
                        "/v1/providers/",
                        [
                            "name": "g", "provider_type": "google_ai", "api_key": "k",
                            "base_url": .string(fake.baseURL),
                        ], expect: 200)
                ])
                let agent = try await server.newAgent(["model": "g/m"])
                let answer = try await server.say("Hi", to: agent)
                answer.expect(
                    200,
                    [
                        "messages": [
                            ["message_type": "reasoning_message", "reasoning": "tea", "signature": nil],
                            ["message_type": "tool_call_message"], ["message_type": "tool_return_message"],
                            ["message_type": "assistant_message", "content": "hello"],
                        ], "usage": ["cached_input_tokens": 7, "reasoning_tokens": 3],
                    ])
                #expect(!answer.text.contains("c2ln"))
                let model = try #require(fake.received.last?.body["contents"]?.array?.first { $0["role"] == "model" })
                #expect(model["parts"]?[0]?["thoughtSignature"] == "c2ln")
                // From the database it is the same.
                try await server.restart()
                try await server.say("Again", to: agent).expect(200)
                let again = try #require(fake.received.last?.body["contents"]?.array?.first { $0["role"] == "model" })
                #expect(again["parts"]?[0]?["thoughtSignature"] == "c2ln")
            }
        }
    }

    // MARK: Failing services

    @Test(arguments: Engines.all)
    func `a base provider that fails makes no listing fail and shows in the list`(_ engine: TestEngine) async throws {
        let down = FakeOpenAI.Reply.json(#"{"error": {"message": "no capacity"}}"#, status: 503)
        try await FakeOpenAI.serving(down) { fake in
            try await withServer(on: engine, { $0.provider = fake.provider() }) { server in
                try await server.run([
                    .get("/v1/models/", expect: 200, []), .get("/v1/models/embedding", expect: 200, []),
                    .get(
                        "/v1/providers/", expect: 200,
                        [
                            [
                                "id": .id("provider"), "name": "openai", "provider_type": "openai",
                                "provider_category": "base", "last_error": "no capacity", "api_key": nil,
                                "api_key_enc": "********", "base_url": .string(fake.baseURL),
                            ]
                        ]),
                    .get("/v1/providers/?name=other", expect: 200, []),
                    .get("/v1/providers/?provider_type=groq", expect: 200, []),
                ])
                server["base"] = try #require(try await server.get("/v1/providers/").ids.first)
                try await server.restart()
                _ = try await server.get("/v1/models/")
                try await server.run([
                    .get("/v1/providers/{base}", expect: 200, ["last_error": "no capacity"]),
                    .patch("/v1/providers/{base}", ["api_key": "x"], expect: 400),
                    .delete(
                        "/v1/providers/{base}", expect: 400, ["detail": .text(containing: "environment variables")]),
                ])
                fake.play(.json(#"{"data": [{"id": "a"}]}"#))
                try await server.restart()
                try await server.run([
                    .get("/v1/models/", expect: 200, .elements(1)), .get("/v1/providers/", expect: 200, []),
                    .get("/v1/providers/{base}", expect: 200, ["last_error": nil]),
                ])
            }
        }
    }

    @Test func `a service that lacks the model or is overloaded is named`() async throws {
        try await FakeOpenAI.serving(.json(#"{"error": {"message": "no model m"}}"#, status: 404)) { fake in
            try await withServer(on: .sqlite) { server in
                let agent = try await server.newAgent([
                    "model": .null,
                    "llm_config": [
                        "model": "m", "model_endpoint_type": "groq", "model_endpoint": .string(fake.baseURL),
                        "context_window": 50_000,
                    ],
                ])
                let missing = try await server.say("Hi", to: agent)
                missing.expect(
                    400,
                    ["error": ["type": "llm_bad_request", "detail": .text(containing: "answered 404: no model m")]])
                #expect(missing[header: "x-should-retry"] == "false")
                fake.play(.json(#"{"error": {"message": "busy"}}"#, status: 503))
                let busy = try await server.say("Hi", to: agent)
                busy.expect(503, ["error": ["type": "llm_error", "detail": .text(containing: "Retry later.")]])
            }
        }
    }

    // MARK: What is learned

    @Test(arguments: Engines.all)
    func `what a service refuses is known after a restart`(_ engine: TestEngine) async throws {
        let refusal = FakeOpenAI.Reply.json(
            #"{"error": {"message": "Unsupported parameter: 'user'", "param": "user"}}"#, status: 400)
        try await FakeOpenAI.serving(refusal, Service.openAI.answer) { fake in
            fake.answer(Service.openAI.listings)
            try await withServer(on: engine) { server in
                try await server.run([
                    .post(
                        "/v1/providers/",
                        [
                            "name": "mine", "provider_type": "vllm", "api_key": "", "base_url": .string(fake.baseURL),
                        ], expect: 200)
                ])
                let agent = try await server.newAgent(["model": "mine/m"])
                try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "hello"]]])
                #expect(fake.received.map { $0.body["user"] != nil } == [true, false])
                try await server.restart()
                try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "hello"]]])
                #expect(fake.received.map { $0.body["user"] != nil } == [true, false, false])
            }
        }
    }

    @Test func `the size of an embedding model's vectors is asked for`() async throws {
        let vectors = FakeOpenAI.Reply.json(#"{"data": [{"index": 0, "embedding": [0.5, 1, 2]}]}"#)
        try await FakeOpenAI.serving(vectors) { fake in
            fake.answer(["/models": #"{"data": [{"id": "own-embed"}]}"#])
            try await withServer(on: .sqlite) { server in
                try await server.run([
                    .post(
                        "/v1/providers/",
                        [
                            "name": "mine", "provider_type": "vllm", "api_key": "", "base_url": .string(fake.baseURL),
                        ], expect: 200),
                    .post(
                        "/v1/agents/", ["model": "openai-proxy/mock", "embedding": "mine/own-embed"], expect: 200,
                        ["embedding_config": ["embedding_dim": 3]]),
                    .post("/v1/archives/", ["name": "a", "embedding": "mine/own-embed"], expect: 200),
                ])
            }
        }
    }

    @Test func `a model that a user's provider accepts but does not list can be used`() async throws {
        let answer = FakeOpenAI.Reply.json(
            #"{"choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]}"#)
        try await FakeOpenAI.serving(answer) { fake in
            fake.answer(Service.openAI.listings)
            try await withServer(on: .sqlite) { server in
                try await server.run([
                    .post(
                        "/v1/providers/",
                        [
                            "name": "mine", "provider_type": "fireworks", "api_key": "k",
                            "base_url": .string(fake.baseURL),
                        ], expect: 200)
                ])
                let agent = try await server.newAgent(["model": "mine/accounts/me/models/tuned"])
                #expect(fake.received.last?.body["model"] == "accounts/me/models/tuned")
                fake.play(Service.openAI.answer)
                try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "hello"]]])
                #expect(fake.received.last?.body["model"] == "accounts/me/models/tuned")
            }
        }
    }
}
