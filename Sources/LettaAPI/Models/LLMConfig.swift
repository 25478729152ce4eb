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
}

extension LLMConfig {
    /// The most tokens of reasoning to ask for; nil for not asking.
    package var reasoningBudget: Int? { enableReasoner && maxReasoningTokens > 0 ? maxReasoningTokens : nil }

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
}
