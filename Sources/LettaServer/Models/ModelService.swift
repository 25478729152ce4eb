import LettaAPI
import Logging
import ModelProviders

/// The models of the configured providers in the API's terms, and the provider of an agent's model.
struct ModelService: Sendable {
    let directory: ModelDirectory
    let transport: ProviderTransport
    let logger: Logger

    /// The largest default context window of an agent, in tokens.
    static let defaultContextWindow = 128_000

    func languageModels(_ query: ListModels) async -> [LanguageModel] {
        await listing().models(of: .llm).filter { model in
            let categories = query.providerCategory ?? []
            return (categories.isEmpty || categories.contains { $0.rawValue == model.providerCategory.rawValue })
                && (query.providerName.map { $0 == model.providerName } ?? true)
                && (query.providerType.map { $0 == model.providerType.rawValue } ?? true)
        }.map { model in
            LanguageModel(
                handle: model.handle, displayName: model.displayName, providerType: model.providerType.rawValue,
                config: Self.config(of: model), maxContextWindow: model.contextWindow)
        }
    }

    func embeddingModels() async -> [EmbeddingModel] {
        await listing().models(of: .embedding).map { model in
            EmbeddingModel(
                handle: model.handle, displayName: model.displayName, providerType: model.providerType.rawValue,
                providerName: model.providerName, config: Self.embeddingConfig(of: model))
        }
    }

    /// - Throws: `APIError`: 400 for a handle without a slash, 404 for one that no provider lists.
    func languageModel(_ handle: String) async throws -> LLMConfig {
        do {
            return Self.config(of: try await directory.resolve(handle: handle, type: .llm))
        } catch {
            switch error {
            case .malformed: throw Self.malformedHandle
            case .unknown(_, let known):
                let list = known.map { "'\($0)'" }.joined(separator: ", ")
                let reason = known.isEmpty ? ". \(await reasonForNoModels())" : ""
                throw APIError(404, "NOT_FOUND: Handle \(handle) not found, must be one of [\(list)]\(reason)")
            }
        }
    }

    /// - Throws: `APIError` 400, as the peer does, for any handle that names no embedding model.
    func embeddingModel(_ handle: String) async throws -> EmbeddingConfig {
        do {
            return Self.embeddingConfig(of: try await directory.resolve(handle: handle, type: .embedding))
        } catch {
            switch error {
            case .malformed: throw Self.malformedHandle
            case .unknown: throw APIError.invalidArgument("Embedding model \(handle) not found")
            }
        }
    }

    /// The provider of an agent's model: the one that matches the configuration's name, endpoint or handle prefix, else
    /// the endpoint itself. An agent that names none of them uses the configured service.
    ///
    /// Turns call this, so it waits for no listing. A stale listing is refreshed in the background.
    func provider(for config: LLMConfig) async -> any ModelProvider {
        if let provider = configuredProvider(for: config) {
            await directory.refreshStale(named: provider.settings.name)
            return provider
        }
        return endpoint(of: config)
    }

    private func configuredProvider(for config: LLMConfig) -> (any ModelProvider)? {
        if let name = config.providerName, let provider = directory.provider(where: { $0.settings.name == name }) {
            return provider
        }
        if let endpoint = config.modelEndpoint { return directory.provider { $0.settings.baseURL == endpoint } }
        guard let handle = config.handle else {
            // An agent that names nothing uses the configured service, wherever that is.
            return config.providerName == nil ? directory.provider { $0.handlePrefixes.contains("openai") } : nil
        }
        guard let slash = handle.firstIndex(of: "/") else { return nil }
        return directory.provider { $0.handlePrefixes.contains(String(handle[..<slash])) }
    }

    func traits(for config: LLMConfig) async -> ModelTraits {
        await provider(for: config).traits(of: config.model)
    }

    private static let malformedHandle = APIError.invalidArgument(
        "The model handle should be in the format provider/model-name")

    private func listing() async -> ModelListing {
        let listing = await directory.models()
        for failure in listing.failures {
            logger.warning(
                "A provider failed to list its models",
                metadata: ["provider.name": "\(failure.providerName)", "error": "\(failure.reason)"])
        }
        return listing
    }

    private static func config(of model: ModelDescription) -> LLMConfig {
        var config = LLMConfig(
            model: model.name, modelEndpointType: model.endpointType, contextWindow: model.contextWindow)
        config.displayName = model.displayName
        config.modelEndpoint = model.endpoint
        config.providerName = model.providerName
        config.providerCategory = model.providerCategory.rawValue
        config.handle = model.handle
        config.maxTokens = model.maxTokens
        if let temperature = model.temperature { config.temperature = temperature }
        return config
    }

    private static func embeddingConfig(of model: ModelDescription) -> EmbeddingConfig {
        var config = EmbeddingConfig(
            embeddingEndpointType: model.endpointType, embeddingModel: model.name,
            embeddingDim: model.embeddingDimensions ?? 0)
        config.embeddingEndpoint = model.endpoint
        config.embeddingChunkSize = model.embeddingChunkSize
        config.batchSize = model.batchSize
        config.handle = model.handle
        return config
    }
}
