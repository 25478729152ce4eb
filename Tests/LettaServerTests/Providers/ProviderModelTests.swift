import JSON
import LettaAPI
import TestSupport
import Testing

/// The models of users' providers, and agents that run on them.
@Suite(.timeLimit(.minutes(2))) struct ProviderModelTests {
    private static let down = FakeOpenAI.Reply.json(#"{"error": {"message": "overloaded"}}"#, status: 503)
    private static let answer = FakeOpenAI.Reply.events(
        .bytes(
            #"data: {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}"#
                + "\n\ndata: [DONE]\n\n"))

    @Test(arguments: Engines.all)
    func `the models of base and user's providers are one list`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(Self.down, models: ProviderTests.models) { fake in
            try await withServer(on: engine) { server in
                let base = try await server.get("/v1/models/").json.array ?? []
                try #require(base.count == 3)
                try await server.run([
                    .post("/v1/providers/", ProviderTests.body("mine", fake), expect: 200).keep("mine"),
                    .post(
                        "/v1/providers/",
                        ["name": "fast", "provider_type": "groq", "api_key": "k", "base_url": .string(fake.baseURL)],
                        expect: 200),
                    .post(
                        "/v1/providers/",
                        [
                            "name": "off", "provider_type": "openai", "api_key": "k",
                            "base_url": "http://127.0.0.1:9/v1",
                        ],
                        expect: 200, ["last_synced": nil, "last_error": .text(containing: "connection")]),
                ])
                let mine: [JSONValue] = ["bge-embed", "llama-3"].map { ["handle": .string("mine/\($0)")] }
                let fast: [JSONValue] = ["bge-embed", "llama-3"].map {
                    ["handle": .string("fast/\($0)"), "provider_type": "groq", "model_endpoint_type": "openai"]
                }
                let other = try await server.addOrganization()
                try await server.restart()
                try await server.run([
                    .get("/v1/models/", expect: 200, .array(base + mine + fast)),
                    .get("/v1/models/llm", expect: 200, .array(base + mine + fast)),
                    .get("/v1/models/?provider_category=byok", expect: 200, .array(mine + fast)),
                    .get("/v1/models/?provider_category=base", expect: 200, .array(base)),
                    .get("/v1/models/?provider_category=base&provider_category=byok", expect: 200, .elements(7)),
                    .get("/v1/models/?provider_name=mine", expect: 200, .array(mine)),
                    .get("/v1/models/?provider_type=groq", expect: 200, .array(fast)),
                    .get("/v1/models/?provider_type=zzz", expect: 422).field("provider_type"),
                    .get(
                        "/v1/models/?provider_name=mine", expect: 200,
                        [
                            .anything,
                            [
                                "handle": "mine/llama-3", "name": "llama-3", "provider_type": "openai",
                                "provider_name": "mine", "provider_category": "byok", "context_window": 8192,
                                "max_context_window": 8192, "model_endpoint": .string(fake.baseURL),
                            ],
                        ]),
                    .get("/v1/models/", as: other, expect: 200, .array(base)),
                    .post("/v1/agents/", ["model": "mine/llama-3"], as: other, expect: 404),
                    .post(
                        "/v1/agents/", ["model": "mine/nope"], expect: 404,
                        ["detail": .text(containing: "mine/llama-3")]),
                ])
                for path in ["/v1/models/embedding", "/v1/models/embeddings", "/models/embeddings"] {
                    let handles = try await server.get(path).json.array?.compactMap { $0["handle"]?.string }
                    #expect(
                        handles == ["openai/text-embedding-3-small", "mine/bge-embed", "fast/bge-embed"], "\(path)")
                }
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a handle stays known while its provider is down`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(ProviderTests.listing) { fake in
            try await withServer(on: engine) { server in
                try await server.run([
                    .post("/v1/providers/", ProviderTests.body("mine", fake), expect: 200).keep("mine")
                ])
                fake.play(Self.down)
                try await server.restart()
                let synced = try #require(try await server.get("/v1/providers/{mine}").json["last_synced"])
                try await server.run([
                    .patch(
                        "/v1/providers/{mine}/refresh", expect: 200,
                        ["last_synced": synced, "last_error": "overloaded"]),
                    .get("/v1/models/", expect: 200, .elements(5)),
                    .post(
                        "/v1/agents/", ["model": "mine/llama-3", "embedding": "mine/bge-embed"], expect: 200,
                        [
                            "model": "mine/llama-3", "embedding": "mine/bge-embed",
                            "llm_config": ["provider_name": "mine", "provider_category": "byok"],
                        ]),
                    .post("/v1/agents/", ["model": "mine/new"], expect: 404),
                ])
                fake.play(.json(#"{"data": [{"id": "new"}]}"#))
                try await server.restart()
                try await server.run([
                    .post("/v1/agents/", ["model": "mine/new"], expect: 200).note(
                        "an unknown handle asks the provider"),
                    .get("/v1/providers/{mine}", expect: 200, ["last_error": nil]),
                    .get("/v1/models/?provider_category=byok", expect: 200, [["handle": "mine/new"]]),
                ])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a turn is answered by the user's provider with the user's key`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(Self.answer, models: ProviderTests.models) { fake in
            try await withServer(on: engine) { server in
                try await server.run([
                    .post("/v1/providers/", ProviderTests.body("mine", fake), expect: 200).keep("mine")
                ])
                let agent = try await server.newAgent(["model": "mine/llama-3"])
                let base = try await server.newAgent("Base")
                func expectAnswer(key: String) async throws {
                    let turn = try await server.say("Hi", to: agent)
                    turn.expect(200, ["messages": [["content": "hello"]]])
                    let call = try #require(fake.received.last)
                    #expect(call.path == "/v1/chat/completions" && call.body["model"] == "llama-3")
                    #expect(call.authorization == "Bearer \(key)")
                    #expect(server.model.takeRequests().isEmpty, "the base provider was not asked")
                }
                try await expectAnswer(key: "sk-mine")
                try await server.restart()
                try await expectAnswer(key: "sk-mine")
                try await server.send(.patch, "/v1/providers/{mine}", ["api_key": "sk-two"]).expect(200)
                try await expectAnswer(key: "sk-two")
                #expect(try await server.stream("Hi", to: agent).contains { $0.json["content"] == "hello" })

                let override = try await server.say("Hi", to: base, ["override_model": "mine/llama-3"])
                override.expect(200, ["messages": [["content": "hello"]]])
                try await server.say("Hi", to: base).expect(200, ["messages": [["content": "ok"]]])
                #expect(server.model.takeRequests().count == 1)

                let calls = fake.received.count
                try await server.send(.delete, "/v1/providers/{mine}").expect(200)
                try await server.say("Hi", to: agent).expect(
                    400,
                    ["error": ["type": "llm_bad_request", "detail": .text(containing: "no provider 'mine' any more")]])
                #expect(fake.received.count == calls)
                try await server.run([
                    .get("/v1/agents/\(agent)", expect: 200, ["model": "mine/llama-3"]),
                    .patch("/v1/agents/\(agent)", ["name": "still changes"], expect: 200),
                    .post("/v1/providers/", ProviderTests.body("mine", fake, key: "sk-new"), expect: 200),
                ])
                try await expectAnswer(key: "sk-new")
                try await server.send(.patch, "/v1/agents/\(agent)", ["model": model]).expect(200)
                try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "ok"]]])
            }
        }
    }
}
