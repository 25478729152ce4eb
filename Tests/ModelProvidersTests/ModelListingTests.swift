import JSON
import Testing

@testable import ModelProviders

@Suite(.timeLimit(.minutes(2))) struct ModelListingTests {
    private func models(_ list: String, baseURL: String = "http://127.0.0.1:9401/v1") throws -> [ModelDescription] {
        let settings = ProviderSettings(name: "openai", baseURL: baseURL)
        return try OpenAIModelListing(settings: settings).models(from: JSONParser().parse(list))
    }

    @Test func aProxyOfOpenAIsModelsIsListedAsThePeerListsIt() throws {
        let names = ["gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-mini", "mock", "text-embedding-3-small"]
        let entries = names.map { #"{"id": "\#($0)", "object": "model", "context_length": 32768}"# }
        let models = try models(#"{"object": "list", "data": [\#(entries.joined(separator: ","))]}"#)
        let chat = models.filter { $0.modelType == .llm }
        #expect(
            chat.map(\.handle) == [
                "openai-proxy/gpt-4.1", "openai-proxy/gpt-4.1-mini", "openai-proxy/gpt-4o",
                "openai-proxy/gpt-4o-mini", "openai-proxy/mock", "openai-proxy/text-embedding-3-small",
            ])
        #expect(chat.map(\.contextWindow) == [1_047_576, 1_047_576, 128_000, 128_000, 32_768, 8_191])
        #expect(chat.allSatisfy { $0.maxTokens == 16_384 && $0.embeddingDimensions == nil })
        #expect(chat.allSatisfy { $0.endpoint == "http://127.0.0.1:9401/v1" && $0.endpointType == "openai" })
        let embeddings = models.filter { $0.modelType == .embedding }
        #expect(
            embeddings.map(\.handle) == [
                "openai/text-embedding-3-large", "openai/text-embedding-3-small", "openai/text-embedding-ada-002",
            ])
        #expect(embeddings.map(\.embeddingDimensions) == [3_072, 1_536, 1_536])
        #expect(embeddings.allSatisfy { $0.embeddingChunkSize == 300 && $0.batchSize == 32 })
    }

    @Test(arguments: ["https://api.openai.com/v1", "https://api.openai.com/v1/"])
    func openAIItselfListsOnlyWhatCanChat(baseURL: String) throws {
        let names = [
            "gpt-5", "gpt-5-pro", "gpt-4o-audio-preview", "o3", "omni-moderation-latest", "whisper-1", "dall-e-3",
            "text-embedding-3-small", "chatgpt-4o-latest", "gpt-image-1", "gpt-3.5-turbo-instruct", "o3-deep-research",
        ]
        let entries = names.map { #"{"id": "\#($0)"}"# }.joined(separator: ",")
        let models = try models(#"{"data": [\#(entries)]}"#, baseURL: baseURL)
        #expect(
            models.filter { $0.modelType == .llm }.map(\.handle) == [
                "openai/chatgpt-4o-latest", "openai/gpt-5", "openai/o3",
            ])
        #expect(models.filter { $0.modelType == .embedding }.count == 3)
    }

    @Test func anotherPathOnOpenAIsHostIsAProxy() throws {
        let models = try models(#"{"data": [{"id": "gpt-4o"}]}"#, baseURL: "https://api.openai.com/v2")
        #expect(models.first?.handle == "openai-proxy/gpt-4o")
    }

    @Test(arguments: [
        (#"{"id": "m", "meta": {"n_ctx_train": 32768, "n_embd": 896}}"#, 32_768, 16_384),
        (#"{"id": "m", "meta": {"n_ctx_train": 32768, "n_ctx": 4096}}"#, 4_096, 2_048),
        (#"{"id": "m", "max_model_len": 8192}"#, 8_192, 4_096),
        (#"{"id": "gpt-4o", "max_model_len": 8192}"#, 8_192, 4_096),
        (#"{"id": "m", "max_context_length": 131072}"#, 131_072, 16_384),
        (#"{"id": "m", "max_context_length": 131072, "loaded_context_length": 4096}"#, 4_096, 2_048),
        (#"{"id": "anthropic/claude-x", "context_length": 200000}"#, 200_000, 16_384),
        (#"{"id": "m", "context_length": 0}"#, 30_000, 16_384),
        (#"{"id": "m"}"#, 30_000, 16_384),
        (#"{"id": "gpt-4o-2024-11-20"}"#, 128_000, 16_384),
        (#"{"id": "gpt-4"}"#, 8_192, 8_192),
        (#"{"id": "gpt-4-turbo-2024-04-09"}"#, 128_000, 4_096),
        (#"{"id": "gpt-5.7-mini"}"#, 400_000, 16_384),
        (#"{"id": "gpt-4all-falcon"}"#, 30_000, 16_384),
    ])
    func theWindowIsTheServersOwnOrAKnownOneOrSmall(entry: String, window: Int, maxTokens: Int) throws {
        let model = try #require(try models(#"{"data": [\#(entry)]}"#).first)
        #expect(model.contextWindow == window)
        #expect(model.maxTokens == maxTokens)
    }

    @Test func aLocalServerOffersNoEmbeddingModelItDoesNotList() throws {
        let local = try models(
            #"""
            {"data": [{"id": "qwen2.5-0.5b", "owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}},
                      {"id": "nomic-embed-text:latest"},
                      {"id": "tiny", "type": "embeddings"},
                      {"id": "own-embed", "meta": {"n_embd": 77}}]}
            """#)
        #expect(
            local.filter { $0.modelType == .llm }.map(\.name) == [
                "nomic-embed-text:latest", "own-embed", "qwen2.5-0.5b",
            ])
        let embeddings = local.filter { $0.modelType == .embedding }
        #expect(embeddings.map(\.handle) == ["openai/nomic-embed-text:latest", "openai/own-embed", "openai/tiny"])
        #expect(embeddings.map(\.embeddingDimensions) == [768, 77, 1_536])
    }

    @Test func listsInOtherFormsAreRead() throws {
        #expect(try models(#"[{"id": "a"}, {"id": "a"}, {"name": "no id"}, 5]"#).map(\.name) == ["a"])
        #expect(try models(#"{"object": "list", "data": null}"#).isEmpty)
        for wrong in ["{}", "5", #"{"data": "x"}"#] {
            #expect(throws: ProviderFailure.self) { try models(wrong) }
        }
    }

    @Test func aSecretDoesNotShow() {
        let settings = ProviderSettings(name: "openai", baseURL: "https://x/v1//", apiKey: Secret("sk-123456"))
        #expect(settings.baseURL == "https://x/v1")
        for text in ["\(settings)", String(reflecting: settings), "\(Secret("sk-123456"))"] {
            #expect(!text.contains("123456"))
        }
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("123456"))
    }
}
