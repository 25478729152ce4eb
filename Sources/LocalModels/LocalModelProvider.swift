package import ModelProviders

/// Lists the installed local models, and starts them on demand.
package struct LocalModelProvider: ModelProvider {
    package let settings = ProviderSettings(name: LocalRuntime.providerName, baseURL: "letta-local:")
    private let runtime: LocalRuntime?
    private let catalogue: [LocalModel]

    /// - Parameter runtime: nil when local models are disabled; then none is listed and every call fails.
    package init(runtime: LocalRuntime?) {
        self.init(runtime: runtime, catalogue: ModelCatalogue.models)
    }

    init(runtime: LocalRuntime?, catalogue: [LocalModel]) {
        self.runtime = runtime
        self.catalogue = catalogue
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        guard let runtime else { return [] }
        return catalogue.filter(runtime.models.isInstalled).map { model in
            var description = ModelDescription(
                handle: "\(settings.name)/\(model.name)", name: model.name,
                modelType: model.purpose == .chat ? .llm : .embedding, settings: settings,
                contextWindow: model.contextWindow, maxTokens: model.contextWindow / 8,
                embeddingDimensions: model.embeddingDimensions)
            // At the API's default of 1 models of this size produce nonsense.
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

    /// Truncates texts that exceed the context window, which is how these models are meant to be used. The number of
    /// characters per token is not known in advance, so it retries with shorter texts.
    private static func embed(
        _ texts: [String], with provider: OpenAIProvider, model: String, window: Int
    ) async throws(ProviderFailure) -> [[Float]] {
        var charactersPerToken = 8
        while true {
            let limit = window * charactersPerToken
            let truncated = texts.map { $0.utf8.count > limit ? String($0.unicodeScalars.prefix(limit)) : $0 }
            do throws(ProviderFailure) {
                return try await provider.embed(truncated, model: model)
            } catch {
                guard error.kind == .contextWindowExceeded, charactersPerToken > 1 else { throw error }
                charactersPerToken /= 2
            }
        }
    }

    /// Calls a model, and once more if its process died during the first call.
    private func calling<Value>(
        _ name: String, _ call: (OpenAIProvider) async throws(ProviderFailure) -> Value
    ) async throws(ProviderFailure) -> Value {
        var isFirst = true
        while true {
            let lease = try await lease(name)
            do throws(ProviderFailure) {
                return try await call(lease.provider)
            } catch {
                guard isFirst, Self.isProcessDeath(error) else { throw Self.naming(lease, error) }
                isFirst = false
                await lease.process.waitUntilEnded(atMost: Self.reapTimeout)
            }
        }
    }

    func lease(_ name: String) async throws(ProviderFailure) -> RuntimeLease {
        guard let runtime else {
            throw ProviderFailure(
                .badRequest,
                message: """
                    The model \(settings.name)/\(name) can't run: local models are disabled on this server \
                    (LETTA_LOCAL=off). Set LETTA_LOCAL=on and restart the server, or give the agent another model.
                    """)
        }
        guard let model = catalogue.first(where: { $0.name == name }) else {
            throw ProviderFailure(.notFound, message: "There is no local model '\(name)'.")
        }
        return try await runtime.lease(of: model)
    }

    /// How long after a lost connection the exit of the process may be observed.
    static let reapTimeout = Duration.seconds(1)

    /// A failure to reach a model, without the address of its socket, which nobody has chosen.
    static func naming(_ lease: RuntimeLease, _ failure: ProviderFailure) -> ProviderFailure {
        guard isProcessDeath(failure) else { return failure }
        let launch = lease.process.launch
        return ProviderFailure(
            failure.kind, message: "The local model \(launch.model.name) does not answer. See \(launch.log.path).")
    }

    /// Whether a failure looks like the death of the model's process.
    static func isProcessDeath(_ failure: ProviderFailure) -> Bool {
        failure.kind == .connection || failure.kind == .cut
    }
}

/// The streamed answer of a local model. The model is started when the first delta is asked for, and leased until the
/// iterator is dropped.
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
                guard let lease, LocalModelProvider.isProcessDeath(error) else { throw error }
                await lease.process.waitUntilEnded(atMost: LocalModelProvider.reapTimeout)
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
            do throws(ProviderFailure) {
                let first = try await iterator.next(isolation: actor)
                running = iterator
                return first
            } catch {
                throw LocalModelProvider.naming(lease, error)
            }
        }

        private static func iterator(
            of stream: some AsyncSequence<ModelDelta, ProviderFailure>
        ) -> any AsyncIteratorProtocol<ModelDelta, ProviderFailure> {
            stream.makeAsyncIterator()
        }
    }
}
