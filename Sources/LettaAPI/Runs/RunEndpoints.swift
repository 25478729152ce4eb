public import JSON

extension API {
    /// Turns of agents, running or over.
    public enum Runs {
        public static let list = Endpoint<NoPath, ListRuns, NoBody, [Run]>(
            .get, "/v1/runs/", "Lists runs, newest first.", aliases: ["/v1/_internal_runs/"])
        public static let active = Endpoint<NoPath, ListActiveRuns, NoBody, [Run]>(
            .get, "/v1/runs/active", "Lists the runs that are not over.")
        public static let retrieve = Endpoint<ID<Run>, NoQuery, NoBody, Run>(
            .get, "/v1/runs/{run_id}", "Retrieves a run.")
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
        public static let trace = Endpoint<ID<Run>, NoQuery, NoBody, RawJSON>(
            .get, "/v1/runs/{run_id}/trace", "Says that spans of a run are not kept; its steps have their traces.")
        public static let stream = Endpoint<ID<Run>, NoQuery, FollowRun?, LettaResponse>(
            .post, "/v1/runs/{run_id}/stream", "Streams the events of a background run from any of them on.")
    }
}

/// Which runs a list shows.
public struct ListRuns: PageQuery {
    public var agentID: String?
    public var agentIDs: [String]?
    public var statuses: [RunStatus]?
    public var background: Bool?
    public var stopReason: StopReason?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    /// The older spelling of `order`.
    public var ascending: Bool?
    /// Whether only runs that are not over are shown.
    public var active: Bool?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case statuses, background, before, after, limit, order, ascending, active
        case agentID = "agent_id"
        case agentIDs = "agent_ids"
        case stopReason = "stop_reason"
    }
}

/// Whose running turns are shown.
public struct ListActiveRuns: Codable, Sendable {
    public var agentID: String?
    public var background: Bool?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case background
        case agentID = "agent_id"
    }
}

/// The tokens of a run, over all its steps.
public struct RunUsage: Codable, Sendable, JSONWritable {
    public var completionTokens = 0
    public var promptTokens = 0
    public var totalTokens = 0

    public init() {}

    enum CodingKeys: String, CodingKey {
        case completionTokens = "completion_tokens"
        case promptTokens = "prompt_tokens"
        case totalTokens = "total_tokens"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("completion_tokens", completionTokens)
            $0.field("prompt_tokens", promptTokens)
            $0.field("total_tokens", totalTokens)
            $0.field("prompt_tokens_details", JSONValue.null)
            $0.field("completion_tokens_details", JSONValue.null)
        }
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
        case id
        case organizationID = "organization_id"
        case agentID = "agent_id"
        case start = "run_start_ns"
        case duration = "run_ns"
        case stepCount = "num_steps"
        case toolsUsed = "tools_used"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("organization_id", organizationID)
            $0.field("agent_id", agentID)
            $0.field("project_id", JSONValue.null)
            $0.field("run_start_ns", start)
            $0.field("run_ns", duration)
            $0.field("num_steps", stepCount)
            $0.field("tools_used", toolsUsed)
            $0.field("template_id", JSONValue.null)
            $0.field("base_template_id", JSONValue.null)
        }
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

    enum CodingKeys: String, CodingKey {
        case startingAfter = "starting_after"
        case includePings = "include_pings"
    }
}
