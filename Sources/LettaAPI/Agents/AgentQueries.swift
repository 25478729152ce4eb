public import JSON

/// Which agents a list or a count means. Filters that are left out do not filter.
public struct AgentFilter: Codable, Sendable, JSONFlattened {
    /// The exact name.
    public var name: String?
    public var tags: [String]?
    /// Whether an agent needs every tag; one of them suffices otherwise.
    public var matchAllTags: Bool?
    /// Part of the name, in any case.
    public var queryText: String?
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?
    public var identityID: String?
    public var identifierKeys: [String]?
    public var lastStopReason: String?
    public var createdByID: String?
    public var showHiddenAgents: Bool?

    public init() {}
}

/// Which agents a list shows, in which order, and with what beside their own fields.
public struct ListAgents: PageQuery {
    public var filter = AgentFilter()
    public var before: String?
    public var after: String?
    /// Left out: 50. Zero: all.
    public var limit: Int?
    public var order: SortOrder?
    public var orderBy: AgentOrder?
    /// The older spelling of `order`.
    public var ascending: Bool?
    /// The older spelling of `orderBy`; names it doesn't know are ignored, as the peer does.
    public var sortBy: String?
    public var includeRelationships: [String]?
    public var include: [AgentInclusion]?

    public init() {}
}

/// What a list of agents is ordered by.
public enum AgentOrder: String, Codable, Sendable, CaseIterable {
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    /// Agents that never ran come last, in both directions.
    case lastRunCompletion = "last_run_completion"
}

/// What is shown beside an agent's own fields.
public struct RetrieveAgent: Codable, Sendable {
    public var includeRelationships: [String]?
    public var include: [AgentInclusion]?

    public init() {}
}
