public import JSON

/// Where a run stands.
public enum RunStatus: String, Codable, Sendable, CaseIterable, JSONWritable {
    case created, running, completed, failed, cancelled
}

/// One turn of an agent: from the messages sent to it until it stops.
public struct Run: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "run"

    public var id: ID<Run>
    public var agentID: ID<AgentState>
    /// Nil for a turn in the agent's own conversation.
    public var conversationID: ID<Conversation>?
    public var status: RunStatus
    public var stopReason: StopReason?
    public var background: Bool
    public var metadata: ObjectDocument?
    public var requestConfig: ObjectDocument?
    public var createdAt: Timestamp
    public var completedAt: Timestamp?
    /// Nanoseconds until the first token of the first answer.
    public var timeToFirstToken: Int?
    public var totalDuration: Int?
    /// Where the end of the run is announced.
    public var callbackURL: String?
    public var callbackSentAt: Timestamp?
    public var callbackStatusCode: Int?
    public var callbackError: String?
    /// The first words of what it was asked; this and the following are left out where they are not known.
    public var title: String?
    public var agentName: String?
    /// The name of the identity that spoke.
    public var askedBy: String?
    /// How many steps are stored.
    public var stepCount: Int?
    public var totalTokens: Int?
    /// What its steps cost in US dollars, as far as prices were known.
    public var cost: Double?
    /// Why it failed.
    public var error: String?
    /// What to do about it.
    public var remedy: String?

    public init(id: ID<Run>, agentID: ID<AgentState>, status: RunStatus, createdAt: Timestamp) {
        self.id = id
        self.agentID = agentID
        self.status = status
        self.createdAt = createdAt
        background = false
    }

    enum CodingKeys: String, CodingKey {
        case id, status, background, metadata, agentID, conversationID, stopReason, requestConfig, createdAt
        case completedAt, callbackURL, callbackSentAt, callbackStatusCode, callbackError
        case title, agentName, askedBy, totalTokens, cost, error, remedy
        case stepCount = "num_steps"
        case timeToFirstToken = "ttft_ns"
        case totalDuration = "total_duration_ns"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("status", status)
            $0.field("created_at", createdAt)
            // Clients of the peer know this one without a zone.
            $0.field("completed_at", completedAt.map { String($0.wireText.dropLast()) })
            $0.field("agent_id", agentID)
            $0.field("conversation_id", conversationID)
            $0.field("base_template_id", JSONValue.null)
            $0.field("background", background)
            $0.field("metadata", metadata)
            $0.field("request_config", requestConfig)
            $0.field("stop_reason", stopReason)
            $0.field("callback_url", callbackURL)
            $0.field("callback_sent_at", callbackSentAt)
            $0.field("callback_status_code", callbackStatusCode)
            $0.field("callback_error", callbackError)
            $0.field("ttft_ns", timeToFirstToken)
            $0.field("total_duration_ns", totalDuration)
            if let title { $0.field("title", title) }
            if let agentName { $0.field("agent_name", agentName) }
            if let askedBy { $0.field("asked_by", askedBy) }
            if let stepCount { $0.field("num_steps", stepCount) }
            if let totalTokens { $0.field("total_tokens", totalTokens) }
            if let cost { $0.field("cost", cost) }
            if let error { $0.field("error", error) }
            if let remedy { $0.field("remedy", remedy) }
        }
    }
}

extension API {
    /// Turns of agents, running or over.
    public enum Runs {
        public static let list = Endpoint<NoPath, ListRuns, NoBody, [Run]>(
            .get, "/v1/runs/", "Lists runs, newest first.", aliases: ["/v1/_internal_runs/"])
        public static let active = Endpoint<NoPath, ListActiveRuns, NoBody, [Run]>(
            .get, "/v1/runs/active", "Lists the runs that are not over.")
        public static let retrieve = Endpoint<ID<Run>, NoQuery, NoBody, Run>(
            .get, "/v1/runs/{run_id}", "Retrieves a run.")
        public static let goOn = Endpoint<ID<Run>, NoQuery, NoBody, Run>(
            .post, "/v1/runs/{run_id}/continue",
            "Goes on in a new run from the messages that a failed one left, and responds with the new one.")
        public static let delete = Endpoint<ID<Run>, NoQuery, NoBody, Run>(
            .delete, "/v1/runs/{run_id}", "Deletes a run that is over; what was said stays.")
        public static let messages = Endpoint<ID<Run>, ListRelated, NoBody, [LettaMessage]>(
            .get, "/v1/runs/{run_id}/messages", "Lists the messages of a run in order of time.")
        public static let steps = Endpoint<ID<Run>, ListRelated, NoBody, [Step]>(
            .get, "/v1/runs/{run_id}/steps", "Lists the steps of a run, newest first.")
        public static let usage = Endpoint<ID<Run>, NoQuery, NoBody, RunUsage>(
            .get, "/v1/runs/{run_id}/usage", "Tells how many tokens a run used.")
        public static let metrics = Endpoint<ID<Run>, NoQuery, NoBody, RunMetrics>(
            .get, "/v1/runs/{run_id}/metrics", "Tells how long a run took.")
        public static let trace = Endpoint<ID<Run>, ReadTrace, NoBody, [RunSpan]>(
            .get, "/v1/runs/{run_id}/trace", "Lists the spans of a run: itself, its steps, their calls.")
        public static let stream = Endpoint<ID<Run>, NoQuery, FollowRun?, LettaResponse>(
            .post, "/v1/runs/{run_id}/stream", "Streams the events of a background run from any of them on.")
    }
}

/// Which runs a list shows.
public struct ListRuns: PageQuery {
    public var agentID: String?
    public var agentIDs: [String]?
    /// Only runs of this conversation; `default` for those of the agents' own ones.
    public var conversationID: String?
    public var statuses: [RunStatus]?
    public var background: Bool?
    public var stopReason: StopReason?
    public var runID: String?
    /// The project of the agent.
    public var projectID: String?
    /// The base template of the agent.
    public var templateFamily: String?
    public var stepCount: Int?
    /// Left out: equal.
    public var stepCountOperator: StepCountComparison?
    /// In nanoseconds.
    public var durationValue: Int?
    /// Left out: the duration does not filter.
    public var durationOperator: DurationComparison?
    /// Runs that took at least as long as this share of all, in percent.
    public var durationPercentile: Int?
    /// The ids of tools of which a run called one at least.
    public var toolsUsed: [String]?
    /// Left out: when they were created.
    public var orderBy: RunOrder?
    public var startDate: DayOrTime?
    public var endDate: DayOrTime?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    /// The older spelling of `order`.
    public var ascending: Bool?
    /// Whether only runs that are not over are shown.
    public var active: Bool?

    public init() {}
}

/// What a list of runs is ordered by.
public enum RunOrder: String, Codable, Sendable, CaseIterable {
    case createdAt = "created_at"
    /// Runs that are not over come last.
    case duration
}

/// How the number of a run's steps compares to the given one.
public enum StepCountComparison: String, Codable, Sendable, CaseIterable {
    case equal = "eq"
    case atLeast = "gte"
    case atMost = "lte"
}

/// How the duration of a run compares to the given one.
public enum DurationComparison: String, Codable, Sendable, CaseIterable {
    case more = "gt"
    case less = "lt"
    case equal = "eq"
}

/// Whose running turns are shown.
public struct ListActiveRuns: Codable, Sendable {
    public var agentID: String?
    public var background: Bool?

    public init() {}
}

/// The tokens of a run, over all its steps.
public struct RunUsage: Codable, Sendable, JSONWritable {
    public var completionTokens = 0
    public var promptTokens = 0
    public var totalTokens = 0
    /// Left out when no step reported any.
    public var promptTokensDetails: PromptTokenDetails?
    public var completionTokensDetails: CompletionTokenDetails?

    public init() {}
}

/// The tokens of prompts that a service's cache gave or took.
public struct PromptTokenDetails: Codable, Sendable, JSONWritable {
    public var cachedTokens = 0
    public var cacheReadTokens = 0
    public var cacheCreationTokens = 0

    public init() {}
}

/// The tokens of answers that were reasoning.
public struct CompletionTokenDetails: Codable, Sendable, JSONWritable {
    public var reasoningTokens = 0

    public init() {}
}

/// How much of a trace is read.
public struct ReadTrace: Codable, Sendable {
    /// Only the run, so many of its first steps, and what is of no step. 0: the run alone; left out: all.
    public var steps: Int?

    public init(steps: Int? = nil) {
        self.steps = steps
    }
}

/// One span of a run, under the names of OpenTelemetry's exporters.
public struct RunSpan: Codable, Sendable, JSONWritable {
    public var traceID: String
    public var spanID: String
    public var parentSpanID: String?
    public var spanName: String
    public var startTimeNs: Int
    /// Nil while it goes on.
    public var durationNs: Int?
    /// `OK`, `ERROR` or `UNSET`.
    public var statusCode: String
    public var attributes: JSONValue

    public init(
        traceID: String, spanID: String, parentSpanID: String?, spanName: String, startTimeNs: Int, durationNs: Int?,
        statusCode: String, attributes: JSONValue
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentSpanID = parentSpanID
        self.spanName = spanName
        self.startTimeNs = startTimeNs
        self.durationNs = durationNs
        self.statusCode = statusCode
        self.attributes = attributes
    }
}

/// How long a run took, in nanoseconds.
public struct RunMetrics: Codable, Sendable, JSONWritable {
    public var id: ID<Run>
    public var organizationID: String
    public var agentID: ID<AgentState>
    public var start: Int
    public var duration: Int?
    public var stepCount: Int
    /// The ids of the tools that were called, each once.
    public var toolsUsed: [String]
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?

    public init(
        id: ID<Run>, organizationID: String, agentID: ID<AgentState>, start: Int, duration: Int?, stepCount: Int,
        toolsUsed: [String]
    ) {
        self.id = id
        self.organizationID = organizationID
        self.agentID = agentID
        self.start = start
        self.duration = duration
        self.stepCount = stepCount
        self.toolsUsed = toolsUsed
    }

    enum CodingKeys: String, CodingKey {
        case id, organizationID, agentID, toolsUsed, projectID, templateID, baseTemplateID
        case start = "run_start_ns"
        case duration = "run_ns"
        case stepCount = "num_steps"
    }
}

/// From where on a background run is followed.
public struct FollowRun: Codable, Sendable {
    /// The `seq_id` of the last event that was seen; left out: from the first one on.
    public var startingAfter: Int?
    /// Whether the pings of the run are repeated, and more are sent while nothing else happens.
    public var includePings: Bool?

    public init(startingAfter: Int? = nil) {
        self.startingAfter = startingAfter
    }
}
