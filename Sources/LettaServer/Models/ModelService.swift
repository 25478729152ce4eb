import EventStreams
import LettaAPI
import LocalModels
import Logging
import ModelProviders

/// The models of the configured providers in the API's terms, and the provider of an agent's model.
struct ModelService: Sendable {
    /// The base providers.
    let directory: ModelDirectory
    let userProviders: UserProviders
    let transport: ProviderTransport
    let logger: Logger
    /// Nil where nothing is created that could lack a model.
    var defaults: ServerDefaults?

    /// The largest default context window of an agent, in tokens.
    static let defaultContextWindow = 128_000

    func languageModels(_ query: ListModels, as scope: Scope) async throws -> [LanguageModel] {
        try await models(.llm, as: scope).filter { model in
            let categories = query.providerCategory ?? []
            return (categories.isEmpty || categories.contains { $0.rawValue == model.providerCategory.rawValue })
                && (query.providerName.map { $0 == model.providerName } ?? true)
                && (query.providerType.map { $0.rawValue == model.providerType } ?? true)
        }.map { model in
            LanguageModel(
                handle: model.handle, displayName: model.displayName, providerType: model.providerType,
                config: Self.config(of: model), maxContextWindow: model.contextWindow)
        }
    }

    /// The model of an agent whose creator names none: the one that is set, else the installed local one that suits this
    /// machine best; nil where one must be named.
    ///
    /// - Throws: `APIError` 404 or 400 where the one that is set is not there.
    func defaultModel(as scope: Scope) async throws -> LLMConfig? {
        if let handle = try await defaults?.settings().defaultModel {
            return try await languageModel(handle, as: scope)
        }
        let installed = await localModels(.llm)
        let suited = ModelCatalogue.chatModels(for: .current).lazy.compactMap { model in
            installed.first { $0.name == model.name }
        }
        return suited.first.map(Self.config)
    }

    func embeddingModels(as scope: Scope) async throws -> [EmbeddingModel] {
        try await models(.embedding, as: scope).map { model in
            EmbeddingModel(
                handle: model.handle, displayName: model.displayName, providerType: model.providerType,
                providerName: model.providerName, config: Self.embeddingConfig(of: model))
        }
    }

    /// - Parameter onlyListed: whether not to call a model that is not listed to find out whether it is there.
    /// - Throws: `APIError`: 400 for a handle without a slash, 404 for one that no provider has.
    func languageModel(_ handle: String, onlyListed: Bool = false, as scope: Scope) async throws -> LLMConfig {
        do {
            return Self.config(of: try await model(handle, .llm, onlyListed: onlyListed, as: scope))
        } catch HandleFailure.unknown(_, let known) {
            let users = try await userProviders.models(as: scope).filter { $0.modelType == .llm }
            let handles = known + users.map(\.handle)
            let list = handles.map { "'\($0)'" }.joined(separator: ", ")
            let reason = handles.isEmpty ? ". \(await reasonForNoModels())" : ""
            throw APIError(404, "NOT_FOUND: Handle \(handle) not found, must be one of [\(list)]\(reason)")
        }
    }

    /// - Throws: `APIError` 400, as the peer does, for any handle that names no embedding model.
    func embeddingModel(_ handle: String, as scope: Scope) async throws -> EmbeddingConfig {
        do {
            var model = try await model(handle, .embedding, as: scope)
            if model.isGuessedDimensions, let size = await askedDimensions(of: model, as: scope) {
                model.embeddingDimensions = size
            }
            return Self.embeddingConfig(of: model)
        } catch HandleFailure.unknown {
            throw APIError.invalidArgument("Embedding model \(handle) not found")
        }
    }

    /// The embedding model of an agent or a folder whose creator names none: the one that is set, as long as it is there, else
    /// the one on this machine; nil where there is none.
    func defaultEmbeddingModel(as scope: Scope) async throws -> EmbeddingConfig? {
        if let handle = try await defaults?.settings().defaultEmbeddingModel {
            do {
                return try await embeddingModel(handle, as: scope)
            } catch let error as APIError {
                // Without it, memories are found by their words.
                logger.warning(
                    "The default embedding model is not to be had",
                    metadata: ["model": "\(handle)", "error": "\(error.explanation)"])
            }
        }
        return await localModels(.embedding).first.map(Self.embeddingConfig)
    }

    /// The embedding model of what lost its own: the default one, or else the first that a provider lists; nil where there
    /// is none.
    func anyEmbeddingModel(as scope: Scope) async throws -> EmbeddingConfig? {
        if let model = try await defaultEmbeddingModel(as: scope) { return model }
        guard let first = try await models(.embedding, as: scope).first else { return nil }
        return try await embeddingModel(first.handle, as: scope)
    }

    /// The installed ones; also what was installed a moment ago, beside the running server.
    private func localModels(_ type: ModelType) async -> [ModelDescription] {
        let name = LocalRuntime.providerName
        let known = await directory.models().models(of: type).filter { $0.providerName == name }
        guard known.isEmpty else { return known }
        await directory.refresh(named: name)
        return await directory.models().models(of: type).filter { $0.providerName == name }
    }

    /// Finds the model that a handle names: a user's provider takes precedence, because it may be older than a base
    /// provider of its name.
    func model(
        _ handle: String, _ type: ModelType, onlyListed: Bool = false, as scope: Scope
    ) async throws -> ModelDescription {
        if let model = try await userProviders.model(handle, type, onlyListed: onlyListed, as: scope) { return model }
        do {
            return try await directory.resolve(handle: handle, type: type, onlyListed: onlyListed)
        } catch HandleFailure.malformed {
            throw APIError.invalidArgument("The model handle should be in the format provider/model-name")
        }
    }

    /// The provider of an agent's model: the base or user's provider with the configuration's name, else the base
    /// provider with its endpoint or its handle's prefix, else the endpoint itself. An agent that names none of them uses
    /// the configured service.
    ///
    /// Turns call this, so it waits for no listing. A stale listing is refreshed in the background.
    func provider(for config: LLMConfig, as scope: Scope) async throws -> any ModelProvider {
        let isUsers = config.providerCategory == ModelProviders.ProviderCategory.byok.rawValue
        let prefix = config.handle?.split(separator: "/", maxSplits: 1).first.map(String.init)
        let name = config.providerName ?? prefix
        if !isUsers, let provider = directory.provider(where: { $0.settings.name == config.providerName }) {
            await directory.refreshStale(named: provider.settings.name)
            return provider
        }
        if let name, let provider = try await userProviders.provider(named: name, as: scope) { return provider }
        guard !isUsers else {
            return UnavailableProvider(
                settings: ProviderSettings(name: name ?? "", baseURL: config.modelEndpoint ?? "", category: .byok),
                reason: """
                    The model \(config.handle ?? config.model) can't run: there is no provider '\(name ?? "")' any more. \
                    Give the agent another model, or create the provider again.
                    """)
        }
        if let provider = configuredProvider(for: config, prefix: prefix) {
            await directory.refreshStale(named: provider.settings.name)
            return provider
        }
        return endpoint(of: config)
    }

    private func configuredProvider(for config: LLMConfig, prefix: String?) -> (any ModelProvider)? {
        if config.modelEndpoint != nil {
            let endpoint = Self.endpointSettings(of: config)
            return directory.provider {
                $0.settings.baseURL == config.modelEndpoint
                    || $0.settings.baseURL == endpoint.baseURL && $0.settings.kind == endpoint.kind
            }
        }
        if config.handle == nil {
            guard config.providerName == nil else { return nil }
            // An agent that names a kind of service alone uses the configured one of that kind, wherever that is.
            let service = ServiceProfile.endpoint(config.modelEndpointType).type
            return directory.provider { $0.settings.service == service && $0.handlePrefixes.contains(service) }
        }
        return prefix.flatMap { prefix in directory.provider { $0.handlePrefixes.contains(prefix) } }
    }

    /// The provider that lists a model; nil when there is none any more.
    func provider(listing model: ModelDescription, as scope: Scope) async throws -> (any ModelProvider)? {
        guard model.providerCategory == .base else {
            return try await userProviders.provider(named: model.providerName, as: scope)
        }
        return directory.provider { $0.settings.name == model.providerName }
    }

    /// The size of an embedding model's vectors, found with a text; nil when the model does not answer in time.
    private func askedDimensions(of model: ModelDescription, as scope: Scope) async -> Int? {
        do {
            guard let provider = try await provider(listing: model, as: scope) else { return nil }
            return try await withDeadline(.seconds(30), clock: userProviders.clock) {
                try await provider.embed(["size"], model: model.name).first?.count
            }
        } catch {
            logger.warning(
                "The size of an embedding model's vectors could not be asked for",
                metadata: ["model": "\(model.handle)", "error": "\(error)"])
            return nil
        }
    }

    /// The models of the base providers, then those of the user's.
    private func models(_ type: ModelType, as scope: Scope) async throws -> [ModelDescription] {
        let listing = await directory.models()
        for failure in listing.failures {
            logger.warning(
                "A provider failed to list its models",
                metadata: ["provider.name": "\(failure.providerName)", "error": "\(failure.reason)"])
        }
        return listing.models(of: type) + (try await userProviders.models(as: scope).filter { $0.modelType == type })
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
