import JSON
import ModelProviders
import TestSupport
import Testing

/// The window of a model under every name that services have for it.
@Suite(.timeLimit(.minutes(2))) struct ListedWindowTests {
    @Test(arguments: [
        (#""context_window": 5000"#, 5_000), (#""context_length": 5000"#, 5_000), (#""max_input_tokens": 5000"#, 5_000),
        (#""max_model_len": 5000"#, 5_000), (#""meta": {"n_ctx_train": 5000}"#, 5_000),
        (#""context_length": 9000, "top_provider": {"context_length": 5000}"#, 5_000),
        (#""max_context_length": 5000"#, 5_000),
        (#""max_context_length": 9000, "loaded_context_length": 5000"#, 5_000), (#""context_length": -1"#, 30_000),
    ])
    func `services with OpenAI's API`(_ field: String, _ window: Int) async throws {
        try await FakeOpenAI.serving(.json(#"{"data": [{"id": "model-x", \#(field)}]}"#)) { fake in
            let models = try await fake.client(.openAI, service: "openrouter").listModels()
            #expect(models.map(\.contextWindow) == [window])
            #expect(models.map(\.handle) == ["openrouter/model-x"] && models[0].providerType == "openrouter")
        }
    }

    @Test func `LM Studio tells it in its own listing`() async throws {
        let own = #"{"data": [{"id": "a", "type": "llm", "max_context_length": 9000, "loaded_context_length": 5000}]}"#
        try await FakeOpenAI.serving(.json(#"{"data": [{"id": "a"}]}"#), .json(own)) { fake in
            let models = try await fake.client(.openAI, service: "lmstudio_openai").listModels()
            #expect(models.map(\.contextWindow) == [5_000])
            #expect(fake.received.map(\.path) == ["/v1/models", "/api/v0/models"])
        }
    }

    @Test func `Google tells it, page by page`() async throws {
        let first = #"""
            {"models": [{"name": "models/gemini-2.5-flash", "displayName": "Flash", "inputTokenLimit": 1048576,
            "outputTokenLimit": 65536, "supportedGenerationMethods": ["generateContent", "countTokens"]},
            {"name": "models/imagen", "supportedGenerationMethods": ["predict"]}], "nextPageToken": "a&b"}
            """#
        let second = #"""
            {"models": [{"name": "models/gemini-embedding-001", "inputTokenLimit": 2048,
            "supportedGenerationMethods": ["embedContent"]}]}
            """#
        try await FakeOpenAI.serving(.json(first), .json(second)) { fake in
            let models = try await fake.client(.google).listModels()
            #expect(models.map(\.handle) == ["google_ai/gemini-2.5-flash", "google_ai/gemini-embedding-001"])
            #expect(models[0].contextWindow == 1_048_576 && models[0].displayName == "Flash")
            #expect(models[1].modelType == .embedding && models[1].embeddingDimensions == 3_072)
            #expect(fake.received.map(\.query) == ["pageSize=1000", "pageSize=1000&pageToken=a%26b"])
        }
    }

    @Test func `Ollama shows it of each model, and what it can do`() async throws {
        let tags = #"{"models": [{"name": "qwen3:8b"}, {"name": "embed:latest"}, {"name": "small"}]}"#
        let shown = #"""
            {"parameters": "stop x\nnum_ctx 5000", "capabilities": ["completion", "tools"], "model_info":
            {"general.architecture": "qwen3", "qwen3.context_length": 40960, "general.parameter_count": 8000000000}}
            """#
        let embedding = #"""
            {"capabilities": ["embedding"], "model_info": {"general.architecture": "bert", "bert.context_length": 512,
            "bert.embedding_length": 384}}
            """#
        let small = #"""
            {"capabilities": ["completion"], "model_info": {"general.architecture": "llama",
            "llama.context_length": 131072, "general.parameter_count": 500000000}}
            """#
        let fixed = ["/api/tags": tags, "/api/show": shown]
        try await FakeOpenAI.serving(.json("{}")) { fake in
            // The models are shown at the same time, so the fake answers by their names.
            fake.answer(fixed) { body in
                ["embed:latest": embedding, "small": small][body["model"]?.string ?? ""]
            }
            let ollama = fake.client(.ollama)
            let models = try await ollama.listModels()
            #expect(models.map(\.name) == ["qwen3:8b", "small", "embed:latest"])
            #expect(models.map(\.contextWindow) == [5_000, 32_768, 512])
            #expect(models[2].embeddingDimensions == 384 && models[2].modelType == .embedding)
            #expect(ollama.traits(of: "qwen3:8b") == ModelTraits(toolCalls: .native))
            #expect(ollama.traits(of: "small") == ModelTraits(toolCalls: .none, isSmall: true))
        }
    }

    @Test func `an embedding model's size is known once it was seen`() async throws {
        let listing = #"{"data": [{"id": "own-embed"}]}"#
        let body = #"{"data": [{"index": 0, "embedding": [0.5, 1, 2]}]}"#
        try await FakeOpenAI.serving(.json(body), models: listing) { fake in
            let provider = fake.provider()
            let before = try await provider.listModels().last
            #expect(before?.isGuessedDimensions == true)
            let vectors = try await provider.embed(["x"], model: "own-embed")
            #expect(vectors == [[0.5, 1, 2]])
            let after = try await provider.listModels().last
            #expect(after?.isGuessedDimensions == false && after?.embeddingDimensions == 3)
        }
    }

    @Test func `Google's embeddings are read in the order of the texts`() async throws {
        try await FakeOpenAI.serving(.json(#"{"embeddings": [{"values": [1, 2]}, {"values": [3, 4]}]}"#)) { fake in
            let google = fake.client(.google)
            let vectors = try await google.embed(["a", "b"], model: "gemini-embedding-001")
            #expect(vectors == [[1, 2], [3, 4]])
            #expect(fake.received.last?.path == "/v1/models/gemini-embedding-001:batchEmbedContents")
            fake.play(.json(#"{"embeddings": [{"values": [1, 2]}]}"#))
            await #expect(throws: ProviderFailure.self) { try await google.embed(["a", "b"], model: "x") }
        }
    }

    // MARK: Models that are not listed

    @Test func `a model that the service accepts without listing it is found once`() async throws {
        let answer = #"{"choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]}"#
        try await FakeOpenAI.serving(.json(answer), models: #"{"data": [{"id": "a"}]}"#) { fake in
            let directory = ModelDirectory(providers: [fake.provider()])
            await #expect(throws: HandleFailure.self) {
                try await directory.resolve(handle: "openai/gpt-4o-tuned", type: .llm, onlyListed: true)
            }
            #expect(fake.received.isEmpty)
            let model = try await directory.resolve(handle: "openai/gpt-4o-tuned", type: .llm)
            #expect(model.name == "gpt-4o-tuned" && model.handle == "openai-proxy/gpt-4o-tuned")
            _ = try await directory.resolve(handle: "openai/gpt-4o-tuned", type: .llm)
            #expect(fake.received.count == 1)
            fake.play(.json(#"{"error": {"message": "The model does not exist."}}"#, status: 404))
            for _ in 0..<2 {
                await #expect(throws: HandleFailure.self) {
                    try await directory.resolve(handle: "openai/nope", type: .llm)
                }
            }
            #expect(fake.received.count == 2, "it is not asked for again at once")
            await #expect(throws: HandleFailure.self) {
                try await directory.resolve(handle: "openai/nope2", type: .embedding)
            }
            #expect(fake.received.count == 2, "an embedding model can't be asked in words")
            await directory.close()
        }
    }
}
