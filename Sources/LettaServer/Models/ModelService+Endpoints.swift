import JSON
import LettaAPI
import ModelProviders

/// Where clients may send prompts and texts to embed.
extension ModelService {
    /// - Throws: `APIError` 422 naming the endpoint when clients may not name it.
    func check(_ config: LLMConfig) throws {
        try checkEndpoint(config.modelEndpoint, at: ["llm_config", "model_endpoint"])
    }

    /// - Throws: `APIError` 422 naming the endpoint when clients may not name it.
    func check(_ config: EmbeddingConfig) throws {
        try checkEndpoint(config.embeddingEndpoint, at: ["embedding_config", "embedding_endpoint"])
        try checkEndpoint(config.azureEndpoint, at: ["embedding_config", "azure_endpoint"])
    }

    /// Checks an address in a request's body; that of a configured provider is always allowed.
    ///
    /// - Throws: `APIError` 422 naming the field at `path`.
    func checkEndpoint(_ url: String?, at path: [String]) throws {
        guard let url, directory.provider(where: { $0.settings.baseURL == url }) == nil else { return }
        do {
            try transport.checkModelEndpoint(url)
        } catch {
            let issue = ValidationIssue(
                type: "value_error", location: ([["body"], path].joined()).map { .name($0) },
                message: "Value error, \(error.reason)", input: .string(url))
            throw APIError(status: 422, body: .validation([issue], examples: []))
        }
    }

    /// The endpoint of a configuration that no configured provider serves.
    func endpoint(of config: LLMConfig) -> any ModelProvider {
        let name = config.providerName ?? "openai"
        guard let endpoint = config.modelEndpoint else {
            return UnavailableProvider(
                settings: ProviderSettings(name: name, baseURL: ""),
                reason: "No model service is configured for \(config.handle ?? config.model). \(Self.howToConfigure)")
        }
        let kind = ProviderKind(rawValue: config.modelEndpointType) ?? .openAI
        let settings = ProviderSettings(name: name, kind: kind, baseURL: endpoint)
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

    static let howToConfigure = """
        Set OPENAI_API_KEY or OPENAI_BASE_URL, or ANTHROPIC_API_KEY, and restart the server, or install a local model \
        with `letta-server models install`.
        """

    /// Why there is no model at all: none is configured, or no provider lists its own.
    func reasonForNoModels() async -> String {
        let failures = await directory.models().failures
        guard !failures.isEmpty else { return "No model is available. \(Self.howToConfigure)" }
        return failures.map { "The models of \($0.providerName) can't be listed: \($0.reason.message)" }
            .joined(separator: " ")
    }
}
