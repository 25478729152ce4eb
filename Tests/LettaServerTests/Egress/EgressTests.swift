import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

/// Where clients may send prompts and callbacks, and what they hear of calls that can't work.
@Suite(.timeLimit(.minutes(5))) struct EgressTests {
    private static func config(_ fields: JSONObject = [:]) -> JSONValue {
        var config: JSONObject = ["model": "mock", "model_endpoint_type": "openai", "context_window": 8_192]
        for (key, value) in fields { config[key] = value }
        return .object(config)
    }

    private static func embedding(_ field: String, _ address: JSONValue) -> JSONValue {
        ["embedding_model": "e", "embedding_endpoint_type": "openai", "embedding_dim": 2, field: address]
    }

    static let forbidden: [JSONValue] = [
        "http://127.0.0.1:65536/v1", "http://127.0.0.1:0", "http://169.254.169.254/latest", "http://2852039166/",
        "http://[::ffff:a9fe:a9fe]:80/", "http://metadata.google.internal/", "http://u:p@127.0.0.1/",
        "file:///etc/passwd",
        "127.0.0.1:80", "",
    ]

    @Test(arguments: Engines.scenarios, forbidden)
    func `an address that is not called is refused where it is given`(
        _ engine: TestEngine, _ address: JSONValue
    ) async throws {
        let model = Self.config(["model_endpoint": address])
        let embedding = Self.embedding("embedding_endpoint", address)
        let azure = Self.embedding("azure_endpoint", address)
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent()
            try await server.run([
                .post("/v1/agents/", ["llm_config": model], expect: 422).field("llm_config.model_endpoint"),
                .patch("/v1/agents/{agent}", ["llm_config": model], expect: 422).field("llm_config.model_endpoint"),
                .post("/v1/agents/", ["model": LettaServerTests.model, "embedding_config": embedding], expect: 422)
                    .field("embedding_config.embedding_endpoint"),
                .patch("/v1/agents/{agent}", ["embedding_config": azure], expect: 422)
                    .field("embedding_config.azure_endpoint"),
                .post("/v1/archives/", ["name": "a", "embedding_config": embedding], expect: 422)
                    .field("embedding_config.embedding_endpoint"),
                .post("/v1/agents/{agent}/messages/async", ["input": "Hi", "callback_url": address], expect: 422)
                    .field("callback_url"),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a forbidden address that is stored already fails the call and names itself`(
        _ engine: TestEngine
    ) async throws {
        try await withServer(on: engine) { server in
            let endpoint: JSONValue = "http://127.0.0.1:1/stored"
            let agent = try await server.newAgent([
                "model": .null, "llm_config": Self.config(["model_endpoint": endpoint]),
            ])
            for address in ["http://127.0.0.1:99999/v1", "http://169.254.169.254/v1"] {
                let config = JSONWriter.string(of: Self.config(["model_endpoint": .string(address)]))
                try await server.storage.write { db in
                    try db.execute("UPDATE agent SET llm_config = \(config) WHERE id = \(agent)")
                }
                for _ in 1...2 {
                    let answer = try await server.say("Hi", to: agent)
                    answer.expect(400, ["error": ["type": "llm_bad_request"]])
                    #expect(answer.text.contains("The model endpoint \(address) must"), "\(answer.text)")
                    #expect(answer[header: "x-should-retry"] == "false")
                }
                try await server.get("/v1/agents/\(agent)").expect(
                    200, ["llm_config": ["model_endpoint": .string(address)]])
                // What is stored may be sent back.
                try await server.send(
                    .patch, "/v1/agents/\(agent)",
                    ["name": .string(address), "llm_config": Self.config(["model_endpoint": .string(address)])]
                ).expect(200)
            }
        }
    }

    @Test func `an agent that names nothing uses the configured service`() async throws {
        try await FakeOpenAI.serving(
            .events(.bytes("data: {\"choices\": [{\"delta\": {\"content\": \"here\"}}]}\n\ndata: [DONE]\n\n"))
        ) { fake in
            try await withServer(on: .sqlite, { $0.provider = fake.provider() }) { server in
                let agent = try await server.newAgent(["model": .null, "llm_config": Self.config()])
                try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "here"]]])
                #expect(fake.received.map(\.path).filter { $0 != "/v1/models" } == ["/v1/chat/completions"])
                // One that names a provider that is not there does not fall back to any other.
                for fields: JSONObject in [["handle": "anthropic/x"], ["provider_name": "elsewhere"]] {
                    let other = try await server.newAgent(["model": .null, "llm_config": Self.config(fields)])
                    let answer = try await server.say("Hi", to: other)
                    answer.expect(400)
                    #expect(answer.text.contains("OPENAI_BASE_URL"), "\(answer.text)")
                }
                #expect(fake.received.filter { $0.path != "/v1/models" }.count == 1)
            }
        }
    }

    @Test func `the operator narrows the hosts that clients may name`() async throws {
        try await withServer(on: .sqlite, { $0.environment["LETTA_ALLOWED_MODEL_HOSTS"] = "models.example, 10.0.0.7" })
        {
            server in
            let agents = ["https://models.example/v1", "http://10.0.0.7:8000/v1", server.model.settings.baseURL].map {
                Scenario.post("/v1/agents/", ["llm_config": Self.config(["model_endpoint": .string($0)])], expect: 200)
            }
            try await server.run(agents)
            for address: JSONValue in ["http://10.0.0.8:8000/v1", "https://api.openai.com/v1"] {
                try await server.run([
                    .post("/v1/agents/", ["llm_config": Self.config(["model_endpoint": address])], expect: 422)
                        .field("llm_config.model_endpoint")
                ])
            }
        }
    }

    @Test func `a callback that is redirected goes no further and is noted`() async throws {
        try await FakeOpenAI.serving(.json("{}")) { other in
            let redirect = FakeOpenAI.Reply.json("", status: 307, headers: ["location": other.baseURL])
            try await FakeOpenAI.serving(redirect) { listener in
                try await withServer(on: .sqlite, { $0.environment = ["LETTA_ALLOWED_PRIVATE_HOSTS": "*"] }) { server in
                    let agent = try await server.newAgent()
                    let run = try await server.send(
                        .post, "/v1/agents/\(agent)/messages/async",
                        ["input": "Hi", "callback_url": .string(listener.baseURL)]
                    ).expect(200).id
                    _ = try await server.follow(run)
                    var answer = try await server.get("/v1/runs/\(run)").json
                    // Nothing tells when the note is there, which takes a moment after the answer to the callback.
                    for _ in 0..<20_000 where answer["callback_sent_at"] == .null {
                        await Task.yield()
                        answer = try await server.get("/v1/runs/\(run)").json
                    }
                    #expect(answer["callback_status_code"] == 307)
                    #expect(answer["callback_error"]?.string?.contains("redirects to \(other.baseURL)") == true)
                }
            }
            #expect(other.received.isEmpty)
        }
    }

    // MARK: Answers

    @Test(arguments: Engines.scenarios)
    func `an answer without an end is kept up to the limit with a stop reason`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let piece = String(repeating: "x", count: ModelAnswerLimits.content / 2)
            server.model.play(.say(piece, piece, piece, piece))
            let answer = try await server.say("Hi", to: agent)
            answer.expect(200, ["stop_reason": ["stop_reason": "max_tokens_exceeded"]])
            let content = answer.json["messages"]?[0]?["content"]?.string
            #expect(content?.utf8.count == ModelAnswerLimits.content)
            server.model.play(.say(piece, piece, piece))
            let events = try await server.stream("Hi", to: agent, ["stream_tokens": true])
            // A note says that the model got the text before it shortened.
            let shown = events.filter { $0.type == "assistant_message" }.compactMap { $0.json["content"]?.string }
            #expect(shown.map(\.utf8.count).reduce(0, +) == ModelAnswerLimits.content)
            server.model.play(.calls("conversation_search", Array(repeating: ["query": "x"], count: 100)))
            let calls = try await server.say("Hi", to: agent)
            calls.expect(200, ["stop_reason": ["stop_reason": "max_tokens_exceeded"]])
            #expect(calls.json["messages"]?.array?.contains { $0["message_type"] == "tool_return_message" } == false)
            try await server.say("Go on", to: agent).expect(200, ["messages": [["content": "ok"]]])
        }
    }

    @Test func `clients do not repeat what can't work`() async throws {
        try await withServer(on: .sqlite) { server in
            for (kind, status, isPermanent) in [
                (ProviderFailure.Kind.authentication, 401, true), (.notFound, 404, true), (.unprocessable, 422, true),
                (.permissionDenied, 403, true), (.rateLimited, 429, false), (.server, 500, false),
                (.overloaded, 503, false),
            ] {
                // What was refused once is left out of the agent's next turn.
                let agent = try await server.newAgent()
                server.model.play(.fail(kind, status: status))
                let answer = try await server.say("Hi", to: agent)
                #expect(answer.status >= 400)
                #expect(answer[header: "x-should-retry"] == (isPermanent ? "false" : nil), "\(kind)")
            }
            let unserved = try await server.get("/v1/environments")
            #expect(unserved.status == 501 && unserved[header: "x-should-retry"] == "false", "\(unserved.text)")
        }
    }

    @Test func `without any model the answer says what to set`() async throws {
        let transport = ProviderTransport()
        let model = OpenAIProvider(
            settings: ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1"), transport: transport)
        try await withServer(on: .sqlite, { $0.provider = model }) { server in
            let answer = try await server.send(.post, "/v1/agents/", ["model": "openai/x"])
            answer.expect(404)
            #expect(answer.text.contains("No connection to http://127.0.0.1:1/v1/models: Connection refused."))
        }
        try await transport.shutdown()
        try await withServer(on: .sqlite, { $0.provider = UnlistedProvider() }) { server in
            let answer = try await server.send(.post, "/v1/agents/", ["model": "openai/x"])
            answer.expect(404)
            #expect(answer.text.contains("Set OPENAI_API_KEY or OPENAI_BASE_URL"), "\(answer.text)")
        }
    }
}

/// Has no models.
private struct UnlistedProvider: ModelProvider {
    private let failing = UnavailableProvider(settings: ProviderSettings(name: "none", baseURL: ""), reason: "none")

    var settings: ProviderSettings { failing.settings }

    func listModels() async throws(ProviderFailure) -> [ModelDescription] { [] }

    func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        failing.stream(request)
    }

    func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        try await failing.complete(request)
    }

    func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        try await failing.embed(texts, model: model)
    }
}
