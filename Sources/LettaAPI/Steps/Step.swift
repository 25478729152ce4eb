public import JSON

/// One call of the model within a run, and the tools it led to.
public struct Step: ListedResource, Codable, Sendable, JSONWritable {
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
    /// The transaction that a client gave the step.
    public var tid: String?
    public var organizationID: String?
    /// In US dollars, at the prices of its time; left out where the price of the model is not known.
    public var cost: Double?

    public init(id: ID<Step>, runID: ID<Run>, agentID: ID<AgentState>, status: String) {
        self.id = id
        self.runID = runID
        self.agentID = agentID
        self.status = status
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
            $0.field("tid", tid)
            $0.field("trace_id", JSONValue.null)
            $0.field("request_id", JSONValue.null)
            $0.field("messages", [JSONValue]())
            $0.field("feedback", feedback)
            $0.field("project_id", JSONValue.null)
            $0.field("error_type", errorType)
            $0.field("error_data", errorData)
            $0.field("status", status)
            if let cost { $0.field("cost", cost) }
        }
    }
}

extension API {
    /// Model calls of agents.
    public enum Steps {
        public static let list = Endpoint<NoPath, ListSteps, NoBody, [Step]>(
            .get, "/v1/steps/", "Lists steps, newest first.")
        public static let retrieve = Endpoint<ID<Step>, NoQuery, NoBody, Step>(
            .get, "/v1/steps/{step_id}", "Retrieves a step.")
        public static let metrics = Endpoint<ID<Step>, NoQuery, NoBody, StepMetrics>(
            .get, "/v1/steps/{step_id}/metrics", "Tells how long a step took.")
        public static let trace = Endpoint<ID<Step>, NoQuery, NoBody, ProviderTrace?>(
            .get, "/v1/steps/{step_id}/trace", "Shows what the model's service was asked and answered.",
            aliases: ["/v1/telemetry/{step_id}"])
        public static let messages = Endpoint<ID<Step>, ListRelated, NoBody, [LettaMessage]>(
            .get, "/v1/steps/{step_id}/messages", "Lists the messages of a step in order of time.")
        public static let setFeedback = Endpoint<ID<Step>, NoQuery, StepFeedback, Step>(
            .patch, "/v1/steps/{step_id}/feedback", "Says whether a step was good.")
        public static let setTransaction = Endpoint<NamedPath<Step>, NoQuery, NoBody, Step>(
            .patch, "/v1/steps/{step_id}/transaction/{transaction_id}", "Sets the transaction of a step.")
    }
}

/// Which steps a list shows.
public struct ListSteps: PageQuery {
    public var agentID: String?
    /// Only steps of this conversation; `default` for those of the agents' own ones.
    public var conversationID: String?
    public var model: String?
    public var feedback: StepFeedback.Verdict?
    public var hasFeedback: Bool?
    /// Steps with one of these tags.
    public var tags: [String]?
    /// Steps with one of these traces.
    public var traceIDs: [String]?
    /// The project of the agent.
    public var projectID: String?
    public var startDate: DayOrTime?
    public var endDate: DayOrTime?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// What a person thinks of a step.
public struct StepFeedback: Codable, Sendable {
    public enum Verdict: String, Codable, Sendable, CaseIterable {
        case positive, negative
    }

    public var feedback: Patch<Verdict>
    /// Replaces the tags; left out: they stay.
    public var tags: [String]?

    public init(_ verdict: Verdict?) {
        feedback = verdict.map { .set($0) } ?? .clear
    }
}

/// How long a step took, in nanoseconds.
public struct StepMetrics: Codable, Sendable, JSONWritable {
    public var id: ID<Step>
    public var organizationID: String
    public var runID: ID<Run>
    public var agentID: ID<AgentState>
    public var start: Int?
    public var modelCallStart: Int?
    public var modelCall: Int?
    public var toolExecution: Int?
    public var duration: Int?
    public var providerID: String?
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?

    public init(id: ID<Step>, organizationID: String, runID: ID<Run>, agentID: ID<AgentState>) {
        self.id = id
        self.organizationID = organizationID
        self.runID = runID
        self.agentID = agentID
    }

    enum CodingKeys: String, CodingKey {
        case id, organizationID, runID, agentID, providerID, projectID, templateID, baseTemplateID
        case start = "step_start_ns"
        case modelCallStart = "llm_request_start_ns"
        case modelCall = "llm_request_ns"
        case toolExecution = "tool_execution_ns"
        case duration = "step_ns"
    }
}

/// What went to and came from a model's service in one step; cut where it was too long to keep.
public struct ProviderTrace: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "provider_trace"

    public var id: ID<ProviderTrace>
    public var stepID: ID<Step>
    public var request: RawJSON
    public var response: RawJSON
    public var createdAt: Timestamp
    public var agentID: ID<AgentState>?
    public var runID: ID<Run>?
    public var organizationID: String?
    public var userID: String?
    /// What the step noted of the model.
    public var model: LLMConfig?

    public init(id: ID<ProviderTrace>, stepID: ID<Step>, request: RawJSON, response: RawJSON, createdAt: Timestamp) {
        self.id = id
        self.stepID = stepID
        self.request = request
        self.response = response
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, stepID, createdAt, agentID, runID, userID
        case request = "request_json"
        case response = "response_json"
        case organizationID = "org_id"
        case model = "llm_config"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("created_by_id", userID)
            $0.field("last_updated_by_id", userID)
            $0.field("created_at", createdAt)
            $0.field("updated_at", createdAt)
            $0.field("id", id)
            $0.field("request_json", request)
            $0.field("response_json", response)
            $0.field("step_id", stepID)
            $0.field("agent_id", agentID)
            $0.field("agent_tags", [String]())
            $0.field("call_type", "agent_step")
            $0.field("run_id", runID)
            $0.field("source", JSONValue.null)
            $0.field("org_id", organizationID)
            $0.field("user_id", userID)
            $0.field("compaction_settings", JSONValue.null)
            $0.field("llm_config", model)
            $0.field("billing_context", JSONValue.null)
        }
    }
}
