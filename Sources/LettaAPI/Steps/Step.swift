public import JSON

/// One call of the model within a run, and the tools it led to.
public struct Step: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "step"

    public var id: ID<Step>
    public var runID: ID<Run>
    public var agentID: ID<AgentState>
    public var providerName: String?
    public var providerCategory: String?
    public var model: String?
    public var modelHandle: String?
    public var modelEndpoint: String?
    public var contextWindowLimit: Int?
    public var completionTokens = 0
    public var promptTokens = 0
    public var totalTokens = 0
    public var cachedInputTokens: Int?
    public var cacheWriteTokens: Int?
    public var reasoningTokens: Int?
    public var stopReason: StopReason?
    public var tags: [String] = []
    /// `positive`, `negative` or nothing.
    public var feedback: String?
    public var errorType: String?
    public var errorData: ObjectDocument?
    /// `pending`, `success`, `failed` or `cancelled`.
    public var status: String
    public var organizationID: String?

    public init(id: ID<Step>, runID: ID<Run>, agentID: ID<AgentState>, status: String) {
        self.id = id
        self.runID = runID
        self.agentID = agentID
        self.status = status
    }

    enum CodingKeys: String, CodingKey {
        case id, model, tags, feedback, status
        case runID = "run_id"
        case agentID = "agent_id"
        case providerName = "provider_name"
        case providerCategory = "provider_category"
        case modelHandle = "model_handle"
        case modelEndpoint = "model_endpoint"
        case contextWindowLimit = "context_window_limit"
        case completionTokens = "completion_tokens"
        case promptTokens = "prompt_tokens"
        case totalTokens = "total_tokens"
        case cachedInputTokens = "cached_input_tokens"
        case cacheWriteTokens = "cache_write_tokens"
        case reasoningTokens = "reasoning_tokens"
        case stopReason = "stop_reason"
        case errorType = "error_type"
        case errorData = "error_data"
        case organizationID = "organization_id"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("origin", JSONValue.null)
            $0.field("organization_id", organizationID)
            $0.field("provider_id", JSONValue.null)
            $0.field("run_id", runID)
            $0.field("agent_id", agentID)
            $0.field("provider_name", providerName)
            $0.field("provider_category", providerCategory)
            $0.field("model", model)
            $0.field("model_handle", modelHandle)
            $0.field("model_endpoint", modelEndpoint)
            $0.field("context_window_limit", contextWindowLimit)
            $0.field("completion_tokens", completionTokens)
            $0.field("prompt_tokens", promptTokens)
            $0.field("total_tokens", totalTokens)
            $0.field("cached_input_tokens", cachedInputTokens)
            $0.field("cache_write_tokens", cacheWriteTokens)
            $0.field("reasoning_tokens", reasoningTokens)
            $0.nestedObject("completion_tokens_details") {
                $0.field("reasoning_tokens", reasoningTokens ?? 0)
            }
            $0.nestedObject("prompt_tokens_details") {
                $0.field("cached_tokens", cachedInputTokens ?? 0)
                $0.field("cache_read_tokens", cachedInputTokens ?? 0)
                $0.field("cache_creation_tokens", cacheWriteTokens ?? 0)
            }
            $0.field("stop_reason", stopReason)
            $0.field("tags", tags)
            $0.field("tid", JSONValue.null)
            $0.field("trace_id", JSONValue.null)
            $0.field("request_id", JSONValue.null)
            $0.field("messages", [JSONValue]())
            $0.field("feedback", feedback)
            $0.field("project_id", JSONValue.null)
            $0.field("error_type", errorType)
            $0.field("error_data", errorData)
            $0.field("status", status)
        }
    }
}
