/// Which agents a list or a count means. Filters that are left out do not filter.
public struct AgentFilter: Codable, Sendable {
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

    enum CodingKeys: String, CodingKey {
        case name, tags
        case matchAllTags = "match_all_tags"
        case queryText = "query_text"
        case projectID = "project_id"
        case templateID = "template_id"
        case baseTemplateID = "base_template_id"
        case identityID = "identity_id"
        case identifierKeys = "identifier_keys"
        case lastStopReason = "last_stop_reason"
        case createdByID = "created_by_id"
        case showHiddenAgents = "show_hidden_agents"
    }
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

    enum CodingKeys: String, CodingKey {
        case before, after, limit, order, ascending, include
        case orderBy = "order_by"
        case sortBy = "sort_by"
        case includeRelationships = "include_relationships"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        filter = try AgentFilter(from: decoder)
        before = try fields.decodeIfPresent(String.self, forKey: .before)
        after = try fields.decodeIfPresent(String.self, forKey: .after)
        limit = try fields.decodeIfPresent(Int.self, forKey: .limit)
        order = try fields.decodeIfPresent(SortOrder.self, forKey: .order)
        orderBy = try fields.decodeIfPresent(AgentOrder.self, forKey: .orderBy)
        ascending = try fields.decodeIfPresent(Bool.self, forKey: .ascending)
        sortBy = try fields.decodeIfPresent(String.self, forKey: .sortBy)
        includeRelationships = try fields.decodeIfPresent([String].self, forKey: .includeRelationships)
        include = try fields.decodeIfPresent([AgentInclusion].self, forKey: .include)
    }

    public func encode(to encoder: any Encoder) throws {
        try filter.encode(to: encoder)
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encodeIfPresent(before, forKey: .before)
        try fields.encodeIfPresent(after, forKey: .after)
        try fields.encodeIfPresent(limit, forKey: .limit)
        try fields.encodeIfPresent(order, forKey: .order)
        try fields.encodeIfPresent(orderBy, forKey: .orderBy)
        try fields.encodeIfPresent(ascending, forKey: .ascending)
        try fields.encodeIfPresent(sortBy, forKey: .sortBy)
        try fields.encodeIfPresent(includeRelationships, forKey: .includeRelationships)
        try fields.encodeIfPresent(include, forKey: .include)
    }
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

    enum CodingKeys: String, CodingKey {
        case include
        case includeRelationships = "include_relationships"
    }
}
