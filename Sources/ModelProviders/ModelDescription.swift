package enum ModelType: String, Sendable, CaseIterable {
    case llm
    case embedding
}

/// One model of one provider, with what clients and the engine need to use it.
package struct ModelDescription: Sendable, Equatable {
    /// The name clients use: a prefix, a slash, and the provider's own name, which may contain slashes.
    package var handle: String
    /// The provider's own name, used in requests.
    package var name: String
    package var displayName: String
    package var modelType: ModelType
    /// The service, such as `openai` or `groq`.
    package var providerType: String
    package var providerName: String
    package var providerCategory: ProviderCategory
    /// The wire format of the endpoint, such as `openai`.
    package var endpointType: String
    package var endpoint: String
    /// In tokens, input and output together.
    package var contextWindow: Int
    /// The default limit of an answer, in tokens.
    package var maxTokens: Int
    /// The recommended temperature; nil for the API's default.
    package var temperature: Double?
    /// Nil for language models.
    package var embeddingDimensions: Int?
    /// Whether nobody said the dimensions, so that they have to be asked for with a text.
    package var isGuessedDimensions = false
    /// The chunk size for embedding a text, in tokens.
    package var embeddingChunkSize: Int
    /// The number of texts in one embedding request.
    package var batchSize: Int

    package init(
        handle: String, name: String, modelType: ModelType, settings: ProviderSettings,
        contextWindow: Int, maxTokens: Int, embeddingDimensions: Int? = nil
    ) {
        self.handle = handle
        self.name = name
        self.displayName = name
        self.modelType = modelType
        self.providerType = settings.service
        self.providerName = settings.name
        self.providerCategory = settings.category
        self.endpointType = settings.kind.rawValue
        self.endpoint = settings.baseURL
        self.contextWindow = contextWindow
        self.maxTokens = maxTokens
        self.embeddingDimensions = embeddingDimensions
        self.embeddingChunkSize = 300
        self.batchSize = 32
    }
}
