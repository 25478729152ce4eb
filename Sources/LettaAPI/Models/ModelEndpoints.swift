public import JSON

extension API {
    /// The models that can be had from the configured providers.
    public enum Models {
        public static let list = Endpoint<NoPath, ListModels, NoBody, [LanguageModel]>(
            .get, "/v1/models/", "Lists the language models of all providers that answer.",
            aliases: ["/v1/models/llm"])
        public static let listEmbeddings = Endpoint<NoPath, NoQuery, NoBody, [EmbeddingModel]>(
            .get, "/v1/models/embedding", "Lists the embedding models of all providers that answer.",
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
    public var providerType: String?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case providerCategory = "provider_category"
        case providerName = "provider_name"
        case providerType = "provider_type"
    }
}

/// A language model with everything an agent needs to call it.
public struct LanguageModel: Decodable, Sendable, JSONWritable {
    public var handle: String
    public var displayName: String?
    public var providerType: String
    public var config: LLMConfig
    public var maxContextWindow: Int

    public init(handle: String, displayName: String?, providerType: String, config: LLMConfig, maxContextWindow: Int) {
        self.handle = handle
        self.displayName = displayName
        self.providerType = providerType
        self.config = config
        self.maxContextWindow = maxContextWindow
    }

    enum CodingKeys: String, CodingKey {
        case handle
        case displayName = "display_name"
        case providerType = "provider_type"
        case maxContextWindow = "max_context_window"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        handle = try fields.decode(String.self, forKey: .handle)
        displayName = try fields.decodeIfPresent(String.self, forKey: .displayName)
        providerType = try fields.decode(String.self, forKey: .providerType)
        maxContextWindow = try fields.decode(Int.self, forKey: .maxContextWindow)
        config = try LLMConfig(from: decoder)
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("handle", handle)
            $0.field("name", config.model)
            $0.field("display_name", displayName)
            $0.field("provider_type", providerType)
            $0.field("provider_name", config.providerName)
            $0.field("model_type", "llm")
            $0.field("model", config.model)
            $0.field("model_endpoint_type", config.modelEndpointType)
            $0.field("model_endpoint", config.modelEndpoint)
            $0.field("provider_category", config.providerCategory)
            $0.field("model_wrapper", config.modelWrapper)
            $0.field("context_window", config.contextWindow)
            $0.field("put_inner_thoughts_in_kwargs", config.putInnerThoughtsInKwargs)
            $0.field("temperature", config.temperature)
            $0.field("max_tokens", config.maxTokens)
            $0.field("enable_reasoner", config.enableReasoner)
            $0.field("reasoning_effort", config.reasoningEffort)
            $0.field("max_reasoning_tokens", config.maxReasoningTokens)
            $0.field("effort", config.effort)
            $0.field("frequency_penalty", config.frequencyPenalty)
            $0.field("compatibility_type", config.compatibilityType)
            $0.field("verbosity", config.verbosity)
            $0.field("tier", config.tier)
            $0.field("parallel_tool_calls", config.parallelToolCalls)
            $0.field("response_format", config.responseFormat)
            $0.field("strict", config.strict)
            $0.field("return_logprobs", config.returnLogprobs)
            $0.field("top_logprobs", config.topLogprobs)
            $0.field("return_token_ids", config.returnTokenIDs)
            $0.field("tool_call_parser", config.toolCallParser)
            $0.field("max_context_window", maxContextWindow)
        }
    }
}

/// An embedding model with everything an agent needs to call it.
public struct EmbeddingModel: Decodable, Sendable, JSONWritable {
    public var handle: String
    public var displayName: String?
    public var providerType: String
    public var providerName: String
    public var config: EmbeddingConfig

    public init(
        handle: String, displayName: String?, providerType: String, providerName: String, config: EmbeddingConfig
    ) {
        self.handle = handle
        self.displayName = displayName
        self.providerType = providerType
        self.providerName = providerName
        self.config = config
    }

    enum CodingKeys: String, CodingKey {
        case handle
        case displayName = "display_name"
        case providerType = "provider_type"
        case providerName = "provider_name"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        handle = try fields.decode(String.self, forKey: .handle)
        displayName = try fields.decodeIfPresent(String.self, forKey: .displayName)
        providerType = try fields.decode(String.self, forKey: .providerType)
        providerName = try fields.decode(String.self, forKey: .providerName)
        config = try EmbeddingConfig(from: decoder)
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("handle", handle)
            $0.field("name", config.embeddingModel)
            $0.field("display_name", displayName)
            $0.field("provider_type", providerType)
            $0.field("provider_name", providerName)
            $0.field("model_type", "embedding")
            $0.field("embedding_endpoint_type", config.embeddingEndpointType)
            $0.field("embedding_endpoint", config.embeddingEndpoint)
            $0.field("embedding_model", config.embeddingModel)
            $0.field("embedding_dim", config.embeddingDim)
            $0.field("embedding_chunk_size", config.embeddingChunkSize)
            $0.field("batch_size", config.batchSize)
            $0.field("azure_endpoint", config.azureEndpoint)
            $0.field("azure_version", config.azureVersion)
            $0.field("azure_deployment", config.azureDeployment)
        }
    }
}
