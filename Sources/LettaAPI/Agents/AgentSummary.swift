public import JSON

/// What a list of agents shows of each at a glance: a fraction of the size of an agent.
public struct AgentSummary: ListElement, Codable, Sendable, Hashable, JSONWritable {
    /// What an agent does or needs now: the first of these that holds.
    public enum State: String, Codable, Sendable, CaseIterable, JSONWritable {
        /// Tool calls wait for an approval, or for the results of the client's own tools.
        case waiting
        /// A run of it has not ended.
        case running
        /// The last run that ended has failed.
        case failed
        case idle
    }

    public var id: ID<AgentState>
    public var name: String
    public var description: String?
    public var tags: [String] = []
    /// The handle of its model, or the model's name where it has no handle.
    public var model: String?
    /// In tokens.
    public var contextWindow: Int
    /// The tokens of its last call of a model, in any of its conversations; nil before the first.
    public var contextTokens: Int?
    /// Those in its memory.
    public var blockCount = 0
    /// All that it ever had, with those deleted since.
    public var messageCount: Int
    public var state = State.idle
    public var lastRunCompletion: Timestamp?
    public var lastRunDurationMs: Int?
    public var lastStopReason: String?
    /// Of the last 30 days, today's with them, by days in UTC. In US dollars, as far as the prices of its models are known;
    /// nil when none is.
    public var cost: Double?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: ID<AgentState>, name: String, contextWindow: Int, messageCount: Int, createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.contextWindow = contextWindow
        self.messageCount = messageCount
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    public var cursor: String { id.rawValue }
}

/// What a list of agents at a glance is ordered by.
public enum AgentSummaryOrder: String, Codable, Sendable, CaseIterable {
    case name
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    /// Agents that never ran come last, in both directions.
    case lastRunCompletion = "last_run_completion"
    /// By ``AgentSummary/cost``, as it is when the page is read. Agents without a known one come last, in both directions.
    case cost
}

/// Which agents are listed at a glance, and in which order. Filters that are left out do not filter.
public struct ListAgentSummaries: PageQuery {
    /// Part of the name, in any case.
    public var query: String?
    public var state: AgentSummary.State?
    /// The handle of the model.
    public var model: String?
    public var tag: String?
    /// Only agents that know this identity.
    public var identityID: String?
    public var projectID: String?
    /// Whether only agents are listed whose last call of a model took four fifths of the context window or more.
    public var nearlyFull: Bool?
    /// Left out: `created_at`.
    public var orderBy: AgentSummaryOrder?
    public var before: String?
    public var after: String?
    /// Left out: 50. Zero: all.
    public var limit: Int?
    /// Left out: names from A to Z, times from the newest, costs from the highest.
    public var order: SortOrder?

    public init() {}
}

extension API.Agents {
    public static let summaries = Endpoint<NoPath, ListAgentSummaries, NoBody, [AgentSummary]>(
        .get, "/v1/server/agents", "Lists agents at a glance: what each does, when it ran, and what it used.")
}
