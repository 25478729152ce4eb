import JSON
import LettaAPI
import ModelProviders

/// Where clients may send prompts and texts to embed.
extension ModelService {
    /// - Throws: `APIError` 422 naming the endpoint when clients may not name it.
    func check(_ config: LLMConfig) throws {
        try checkEndpoint(config.modelEndpoint, "model_endpoint", path: ["llm_config"])
    }

    /// - Throws: `APIError` 422 naming the endpoint when clients may not name it.
    func check(_ config: EmbeddingConfig) throws {
        try checkEndpoint(config.embeddingEndpoint, "embedding_endpoint", path: ["embedding_config"])
        try checkEndpoint(config.azureEndpoint, "azure_endpoint", path: ["embedding_config"])
    }

    /// Checks an address in a request's body; that of a configured provider is always allowed.
    ///
    /// - Throws: `APIError` 422 naming the field.
    func checkEndpoint(_ url: String?, _ field: String, path: [String]) throws {
        guard let url, directory.provider(where: { $0.settings.baseURL == url }) == nil else { return }
        do {
            try transport.checkModelEndpoint(url)
        } catch {
            throw APIError.invalidField(field, error.reason, input: .string(url), path: path)
        }
    }

    /// The endpoint of a configuration that no configured provider serves.
    func endpoint(of config: LLMConfig) -> any ModelProvider {
        let name = config.providerName ?? ServiceProfile.endpoint(config.modelEndpointType).type
        guard let endpoint = config.modelEndpoint else {
            return UnavailableProvider(
                settings: ProviderSettings(name: name, baseURL: ""),
                reason: "No model service is configured for \(config.handle ?? config.model). \(Self.howToConfigure)")
        }
        let settings = Self.endpointSettings(of: config)
        do {
            // It may have been stored before it was forbidden.
            try transport.checkModelEndpoint(endpoint)
        } catch {
            return UnavailableProvider(
                settings: settings,
                reason: """
                    The model endpoint \(EgressAddress.shown(endpoint)) \(error.reason). Change the agent's llm_config.
                    """)
        }
        return settings.client(transport: transport)
    }

    /// How to reach the endpoint that a configuration names.
    static func endpointSettings(of config: LLMConfig) -> ProviderSettings {
        ServiceProfile.endpoint(config.modelEndpointType).settings(
            name: config.providerName, address: config.modelEndpoint)
    }

    static let howToConfigure = """
        Set OPENAI_API_KEY or OPENAI_BASE_URL, ANTHROPIC_API_KEY, GEMINI_API_KEY, OLLAMA_BASE_URL or the variable of \
        another service, and restart the server, or install a local model with `letta-server models install`.
        """

    /// Why there is no model at all: none is configured, or no provider lists its own.
    func reasonForNoModels() async -> String {
        let failures = await directory.models().failures
        guard !failures.isEmpty else { return "No model is available. \(Self.howToConfigure)" }
        return failures.map { "The models of \($0.providerName) can't be listed: \($0.reason.message)" }
            .joined(separator: " ")
    }
}
