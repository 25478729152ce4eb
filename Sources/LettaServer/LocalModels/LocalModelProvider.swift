package import ModelProviders

/// Offers the installed local models, and starts them when they are called.
package struct LocalModelProvider: ModelProvider {
    package let settings = ProviderSettings(name: LocalRuntime.providerName, baseURL: "letta-local:")
    private let runtime: LocalRuntime
    private let catalogue: [LocalModel]

    package init(runtime: LocalRuntime) {
        self.init(runtime: runtime, catalogue: ModelCatalogue.models)
    }

    init(runtime: LocalRuntime, catalogue: [LocalModel]) {
        self.runtime = runtime
        self.catalogue = catalogue
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        catalogue.filter(runtime.models.isInstalled).map { model in
            var description = ModelDescription(
                handle: "\(settings.name)/\(model.name)", name: model.name,
                modelType: model.purpose == .chat ? .llm : .embedding, settings: settings,
                contextWindow: model.contextWindow, maxTokens: model.contextWindow / 8,
                embeddingDimensions: model.embeddingDimensions)
            // At the API's default of 1 models of this size say anything.
            description.temperature = model.traits.isSmall ? 0.3 : nil
            return description
        }
    }

    package func traits(of model: String) -> ModelTraits {
        catalogue.first { $0.name == model }?.traits ?? ModelTraits()
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        LocalDeltaStream(provider: self, request: request)
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        try await calling(request.model) { provider throws(ProviderFailure) in try await provider.complete(request) }
    }

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        let window = catalogue.first { $0.name == model }?.contextWindow ?? 0
        return try await calling(model) { provider throws(ProviderFailure) in
            try await Self.embed(texts, with: provider, model: model, window: window)
        }
    }

    /// Cuts texts that are longer than the window, as these models are meant to be used: the beginning tells what a
    /// text is about. How many letters a token has is not known before, so shorter cuts are tried.
    private static func embed(
        _ texts: [String], with provider: OpenAIProvider, model: String, window: Int
    ) async throws(ProviderFailure) -> [[Float]] {
        var lettersPerToken = 8
        while true {
            let longest = window * lettersPerToken
            let cut = texts.map { $0.utf8.count > longest ? String($0.unicodeScalars.prefix(longest)) : $0 }
            do throws(ProviderFailure) {
                return try await provider.embed(cut, model: model)
            } catch {
                guard error.kind == .contextWindowExceeded, lettersPerToken > 1 else { throw error }
                lettersPerToken /= 2
            }
        }
    }

    /// Calls a model, and once more when it died under the first call.
    private func calling<Value>(
        _ name: String, _ call: (OpenAIProvider) async throws(ProviderFailure) -> Value
    ) async throws(ProviderFailure) -> Value {
        var isFirst = true
        while true {
            let lease = try await lease(name)
            do throws(ProviderFailure) {
                return try await call(lease.provider)
            } catch {
                guard isFirst, Self.isDeath(error) else { throw error }
                isFirst = false
                await lease.process.waitUntilGone(atMost: Self.patience)
            }
        }
    }

    func lease(_ name: String) async throws(ProviderFailure) -> RuntimeLease {
        guard let model = catalogue.first(where: { $0.name == name }) else {
            throw ProviderFailure(.notFound, message: "There is no local model '\(name)'.")
        }
        return try await runtime.lease(of: model)
    }

    /// How long after a cut connection the end of the process may be noticed.
    static let patience = Duration.seconds(1)

    /// Whether a failure looks like the model's process being gone.
    static func isDeath(_ failure: ProviderFailure) -> Bool {
        failure.kind == .connection || failure.kind == .cut
    }
}

/// The answer of a local model, piece by piece. The model is started when the first piece is asked for, and kept until
/// the iterator is dropped.
private struct LocalDeltaStream: AsyncSequence, Sendable {
    let provider: LocalModelProvider
    let request: ModelRequest

    func makeAsyncIterator() -> Iterator {
        Iterator(provider: provider, request: request)
    }

    struct Iterator: AsyncIteratorProtocol {
        let provider: LocalModelProvider
        let request: ModelRequest
        private var running: (any AsyncIteratorProtocol<ModelDelta, ProviderFailure>)?
        private var lease: RuntimeLease?

        init(provider: LocalModelProvider, request: ModelRequest) {
            self.provider = provider
            self.request = request
        }

        mutating func next() async throws(ProviderFailure) -> ModelDelta? {
            try await next(isolation: nil)
        }

        mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProviderFailure) -> ModelDelta? {
            guard running == nil else { return try await running?.next(isolation: actor) }
            do throws(ProviderFailure) {
                return try await begin(isolation: actor)
            } catch {
                guard let lease, LocalModelProvider.isDeath(error) else { throw error }
                await lease.process.waitUntilGone(atMost: LocalModelProvider.patience)
                self.lease = nil
                return try await begin(isolation: actor)
            }
        }

        private mutating func begin(
            isolation actor: isolated (any Actor)?
        ) async throws(ProviderFailure) -> ModelDelta? {
            let lease = try await provider.lease(request.model)
            self.lease = lease
            var iterator = Self.iterator(of: lease.provider.stream(request))
            let first = try await iterator.next(isolation: actor)
            running = iterator
            return first
        }

        private static func iterator(
            of stream: some AsyncSequence<ModelDelta, ProviderFailure>
        ) -> any AsyncIteratorProtocol<ModelDelta, ProviderFailure> {
            stream.makeAsyncIterator()
        }
    }
}
