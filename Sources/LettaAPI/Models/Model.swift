public import JSON

extension API {
    /// The models of the base providers and of those that users configured.
    public enum Models {
        public static let list = Endpoint<NoPath, ListModels, NoBody, [LanguageModel]>(
            .get, "/v1/models/", "Lists the language models of all providers.")
        public static let listEmbeddings = Endpoint<NoPath, NoQuery, NoBody, [EmbeddingModel]>(
            .get, "/v1/models/embedding", "Lists the embedding models of all providers.",
            aliases: ["/v1/models/embeddings"])
    }
}

/// Where a provider's settings come from: the server's own configuration or a user.
public enum ProviderCategory: String, Codable, Sendable, CaseIterable {
    case base
    case byok
}

/// Which models a list shows.
public struct ListModels: Codable, Sendable {
    public var providerCategory: [ProviderCategory]?
    public var providerName: String?
    public var providerType: ProviderType?

    public init() {}
}

/// A language model with everything an agent needs to call it.
public struct LanguageModel: Codable, Sendable, JSONWritable {
    public var providerType: String
    public var maxContextWindow: Int
    /// Its members are members of the model.
    public var config: LLMConfig

    public var handle: String { config.handle ?? "" }
    public var displayName: String? { config.displayName }

    public init(handle: String, displayName: String?, providerType: String, config: LLMConfig, maxContextWindow: Int) {
        self.providerType = providerType
        self.maxContextWindow = maxContextWindow
        self.config = config
        self.config.handle = handle
        self.config.displayName = displayName
    }

    private enum CodingKeys: String, CodingKey {
        case name, providerType, modelType, maxContextWindow
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        providerType = try fields.decode(String.self, forKey: .providerType)
        maxContextWindow = try fields.decode(Int.self, forKey: .maxContextWindow)
        config = try LLMConfig(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(config.model, forKey: .name)
        try fields.encode(providerType, forKey: .providerType)
        try fields.encode("llm", forKey: .modelType)
        try fields.encode(maxContextWindow, forKey: .maxContextWindow)
        try config.encode(to: encoder)
    }
}

/// An embedding model with everything an agent needs to call it.
public struct EmbeddingModel: Codable, Sendable, JSONWritable {
    public var displayName: String?
    public var providerType: String
    public var providerName: String
    /// Its members are members of the model.
    public var config: EmbeddingConfig

    public var handle: String { config.handle ?? "" }

    public init(
        handle: String, displayName: String?, providerType: String, providerName: String, config: EmbeddingConfig
    ) {
        self.displayName = displayName
        self.providerType = providerType
        self.providerName = providerName
        self.config = config
        self.config.handle = handle
    }

    private enum CodingKeys: String, CodingKey {
        case name, displayName, providerType, providerName, modelType
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        displayName = try fields.decodeIfPresent(String.self, forKey: .displayName)
        providerType = try fields.decode(String.self, forKey: .providerType)
        providerName = try fields.decode(String.self, forKey: .providerName)
        config = try EmbeddingConfig(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(config.embeddingModel, forKey: .name)
        try fields.encodeIfPresent(displayName, forKey: .displayName)
        try fields.encode(providerType, forKey: .providerType)
        try fields.encode(providerName, forKey: .providerName)
        try fields.encode("embedding", forKey: .modelType)
        try config.encode(to: encoder)
    }
}
