public import JSON

/// How an agent's language model is called. The older of two descriptions that every agent carries.
public struct LLMConfig: Codable, Sendable, JSONWritable {
    public var model: String
    public var displayName: String?
    public var modelEndpointType: String
    public var modelEndpoint: String?
    public var providerName: String?
    public var providerCategory: String?
    public var modelWrapper: String?
    /// In tokens.
    public var contextWindow: Int
    public var putInnerThoughtsInKwargs: Bool?
    public var handle: String?
    public var temperature: Double
    /// The most tokens of one answer.
    public var maxTokens: Int?
    public var enableReasoner: Bool
    public var reasoningEffort: String?
    public var maxReasoningTokens: Int
    public var effort: String?
    public var frequencyPenalty: Double?
    public var compatibilityType: String?
    public var verbosity: String?
    public var tier: String?
    public var parallelToolCalls: Bool?
    public var responseFormat: ObjectDocument?
    public var strict: Bool
    public var returnLogprobs: Bool
    public var topLogprobs: Int?
    public var returnTokenIDs: Bool
    public var toolCallParser: String?

    public init(model: String, modelEndpointType: String, contextWindow: Int) {
        self.model = model
        self.modelEndpointType = modelEndpointType
        self.contextWindow = contextWindow
        putInnerThoughtsInKwargs = false
        temperature = 1
        enableReasoner = true
        maxReasoningTokens = 0
        parallelToolCalls = false
        strict = false
        returnLogprobs = false
        returnTokenIDs = false
    }

    enum CodingKeys: String, CodingKey {
        case model, handle, temperature, effort, verbosity, tier, strict
        case displayName = "display_name"
        case modelEndpointType = "model_endpoint_type"
        case modelEndpoint = "model_endpoint"
        case providerName = "provider_name"
        case providerCategory = "provider_category"
        case modelWrapper = "model_wrapper"
        case contextWindow = "context_window"
        case putInnerThoughtsInKwargs = "put_inner_thoughts_in_kwargs"
        case maxTokens = "max_tokens"
        case enableReasoner = "enable_reasoner"
        case reasoningEffort = "reasoning_effort"
        case maxReasoningTokens = "max_reasoning_tokens"
        case frequencyPenalty = "frequency_penalty"
        case compatibilityType = "compatibility_type"
        case parallelToolCalls = "parallel_tool_calls"
        case responseFormat = "response_format"
        case returnLogprobs = "return_logprobs"
        case topLogprobs = "top_logprobs"
        case returnTokenIDs = "return_token_ids"
        case toolCallParser = "tool_call_parser"
    }
}

extension LLMConfig {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        model = try fields.decode(String.self, forKey: .model)
        displayName = try fields.decodeIfPresent(String.self, forKey: .displayName)
        modelEndpointType = try fields.decode(String.self, forKey: .modelEndpointType)
        modelEndpoint = try fields.decodeIfPresent(String.self, forKey: .modelEndpoint)
        providerName = try fields.decodeIfPresent(String.self, forKey: .providerName)
        providerCategory = try fields.decodeIfPresent(String.self, forKey: .providerCategory)
        modelWrapper = try fields.decodeIfPresent(String.self, forKey: .modelWrapper)
        contextWindow = try fields.decode(Int.self, forKey: .contextWindow)
        putInnerThoughtsInKwargs = try fields.decode(.putInnerThoughtsInKwargs, or: false)
        handle = try fields.decodeIfPresent(String.self, forKey: .handle)
        temperature = try fields.decode(.temperature, or: 1)
        maxTokens = try fields.decodeIfPresent(Int.self, forKey: .maxTokens)
        enableReasoner = try fields.decode(.enableReasoner, or: true)
        reasoningEffort = try fields.decodeIfPresent(String.self, forKey: .reasoningEffort)
        maxReasoningTokens = try fields.decode(.maxReasoningTokens, or: 0)
        effort = try fields.decodeIfPresent(String.self, forKey: .effort)
        frequencyPenalty = try fields.decodeIfPresent(Double.self, forKey: .frequencyPenalty)
        compatibilityType = try fields.decodeIfPresent(String.self, forKey: .compatibilityType)
        verbosity = try fields.decodeIfPresent(String.self, forKey: .verbosity)
        tier = try fields.decodeIfPresent(String.self, forKey: .tier)
        parallelToolCalls = try fields.decode(.parallelToolCalls, or: false)
        responseFormat = try fields.decodeIfPresent(ObjectDocument.self, forKey: .responseFormat)
        strict = try fields.decode(.strict, or: false)
        returnLogprobs = try fields.decode(.returnLogprobs, or: false)
        topLogprobs = try fields.decodeIfPresent(Int.self, forKey: .topLogprobs)
        returnTokenIDs = try fields.decode(.returnTokenIDs, or: false)
        toolCallParser = try fields.decodeIfPresent(String.self, forKey: .toolCallParser)
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("model", model)
            $0.field("display_name", displayName)
            $0.field("model_endpoint_type", modelEndpointType)
            $0.field("model_endpoint", modelEndpoint)
            $0.field("provider_name", providerName)
            $0.field("provider_category", providerCategory)
            $0.field("model_wrapper", modelWrapper)
            $0.field("context_window", contextWindow)
            $0.field("put_inner_thoughts_in_kwargs", putInnerThoughtsInKwargs)
            $0.field("handle", handle)
            $0.field("temperature", temperature)
            $0.field("max_tokens", maxTokens)
            $0.field("enable_reasoner", enableReasoner)
            $0.field("reasoning_effort", reasoningEffort)
            $0.field("max_reasoning_tokens", maxReasoningTokens)
            $0.field("effort", effort)
            $0.field("frequency_penalty", frequencyPenalty)
            $0.field("compatibility_type", compatibilityType)
            $0.field("verbosity", verbosity)
            $0.field("tier", tier)
            $0.field("parallel_tool_calls", parallelToolCalls)
            $0.field("response_format", responseFormat)
            $0.field("strict", strict)
            $0.field("return_logprobs", returnLogprobs)
            $0.field("top_logprobs", topLogprobs)
            $0.field("return_token_ids", returnTokenIDs)
            $0.field("tool_call_parser", toolCallParser)
        }
    }
}
