package import ModelProviders

/// A provider without a network that always offers the same models and answers nothing.
///
/// Its language models are `openai-proxy/gpt-4o-mini`, `…/gpt-4.1` and `…/mock`, its embedding model is
/// `openai/text-embedding-3-small`.
package struct ScriptedModels: ModelProvider {
    package let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")

    package init() {}

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        let languageModels = ["gpt-4o-mini": 128_000, "gpt-4.1": 1_047_576, "mock": 30_000]
        var models = languageModels.sorted { $0.key < $1.key }.map { name, window in
            ModelDescription(
                handle: "openai-proxy/\(name)", name: name, modelType: .llm, settings: settings,
                contextWindow: window, maxTokens: 16_384)
        }
        models.append(
            ModelDescription(
                handle: "openai/text-embedding-3-small", name: "text-embedding-3-small", modelType: .embedding,
                settings: settings, contextWindow: 8_191, maxTokens: 0, embeddingDimensions: 1536))
        return models
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        Nothing()
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        throw ProviderFailure(.badRequest, message: "This provider only lists.")
    }

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        throw ProviderFailure(.badRequest, message: "This provider only lists.")
    }

    private struct Nothing: AsyncSequence, AsyncIteratorProtocol, Sendable {
        func makeAsyncIterator() -> Nothing { self }
        mutating func next() async throws(ProviderFailure) -> ModelDelta? { nil }
    }
}
