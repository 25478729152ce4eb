package import ModelProviders

/// A provider without a network that lists a fixed set of models and answers from a script.
///
/// Its language models are `openai-proxy/gpt-4o-mini`, `…/gpt-4.1` and `…/mock`, its embedding model is
/// `openai/text-embedding-3-small`.
package struct ScriptedModels: ModelProvider {
    package typealias Script = @Sendable (ModelRequest) throws(ProviderFailure) -> [ModelDelta]

    package let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")
    package let handlePrefixes = ["openai", "openai-proxy"]
    private let script: Script

    /// - Parameter script: returns the deltas of the answer to a request.
    package init(_ script: @escaping Script) {
        self.script = script
    }

    /// A provider that always gives the same answer.
    package init(saying text: String = "Hello.") {
        script = { _ throws(ProviderFailure) in
            [.text(text), .finish(.stop), .usage(ModelUsage(promptTokens: 10, completionTokens: 2))]
        }
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        let languageModels = ["gpt-4.1": 1_047_576, "gpt-4o-mini": 128_000, "mock": 30_000]
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
        Answer { [script] () throws(ProviderFailure) in try script(request) }
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        var answer = ModelDeltaAccumulator()
        for delta in try script(request) { answer.add(delta) }
        return answer.answer
    }

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        texts.map { _ in Array(repeating: 0, count: 1536) }
    }

    /// The deltas of one answer, made when the first is asked for.
    private struct Answer: AsyncSequence, Sendable {
        let make: @Sendable () throws(ProviderFailure) -> [ModelDelta]

        func makeAsyncIterator() -> Iterator { Iterator(make: make) }

        struct Iterator: AsyncIteratorProtocol {
            let make: @Sendable () throws(ProviderFailure) -> [ModelDelta]
            private var rest: ArraySlice<ModelDelta>?

            init(make: @escaping @Sendable () throws(ProviderFailure) -> [ModelDelta]) {
                self.make = make
            }

            mutating func next() async throws(ProviderFailure) -> ModelDelta? {
                try await next(isolation: nil)
            }

            mutating func next(isolation: isolated (any Actor)?) async throws(ProviderFailure) -> ModelDelta? {
                if rest == nil { rest = try make()[...] }
                return rest?.popFirst()
            }
        }
    }
}
