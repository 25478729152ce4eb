public import JSON

/// What a summary of usage is divided by.
public enum UsageDimension: String, Codable, Sendable, CaseIterable, JSONWritable {
    case day, agent, model, identity, key
}

/// Which usage is summed up.
public struct SummarizeUsage: Codable, Sendable {
    /// Left out: by day, agent and model.
    public var groupBy: [UsageDimension]?
    public var agentID: String?
    /// The handle of a model.
    public var model: String?
    public var identityID: String?
    public var keyID: String?
    /// The first day, in UTC. Left out: 30 days ago.
    public var startDate: DayOrTime?
    /// The last day, in UTC. Left out: today.
    public var endDate: DayOrTime?
    /// The most items, 1 to 10000; left out: 1000.
    public var limit: Int?

    public init() {}
}

/// What was used. Sums of what providers reported.
public struct UsageTotals: Codable, Sendable, Hashable, JSONWritable {
    public var turns = 0
    /// Calls of the model.
    public var steps = 0
    public var promptTokens = 0
    public var completionTokens = 0
    public var totalTokens = 0
    public var cachedInputTokens = 0
    public var cacheWriteTokens = 0
    public var reasoningTokens = 0
    /// In US dollars, as far as the prices of the models are known; nil when none is.
    public var cost: Double?

    public init() {}
}

/// The usage of one group. A part that does not divide the summary, or that there was none of, is nil.
public struct UsageItem: Codable, Sendable, Hashable, JSONWritable {
    /// A day in UTC, such as `2026-01-31`.
    public var day: String?
    public var agentID: String?
    public var model: String?
    public var identityID: String?
    public var keyID: String?
    public var usage: UsageTotals

    public init(usage: UsageTotals) {
        self.usage = usage
    }
}

public struct UsageSummary: Codable, Sendable, JSONWritable {
    public var startDate: String
    public var endDate: String
    public var total: UsageTotals
    /// Newest days first, then by the number of tokens.
    public var items: [UsageItem]
    /// Whether there are more items than the limit.
    public var hasMore: Bool

    public init(startDate: String, endDate: String, total: UsageTotals, items: [UsageItem], hasMore: Bool) {
        self.startDate = startDate
        self.endDate = endDate
        self.total = total
        self.items = items
        self.hasMore = hasMore
    }
}

/// What an agent, an identity or a key may use in a day, which begins at midnight UTC.
public struct Quota: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "quota"

    public var id: ID<Quota>
    public var agentID: ID<AgentState>?
    public var identityID: ID<Identity>?
    public var keyID: ID<APIKey>?
    public var tokensPerDay: Int?
    /// In US dollars. Counts the calls of models whose prices are known.
    public var costPerDay: Double?
    public var turnsPerDay: Int?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// What was used today.
    public var used: UsageTotals?
    public var resetsAt: Timestamp?

    public init(id: ID<Quota>, at time: Timestamp) {
        self.id = id
        createdAt = time
        updatedAt = time
    }
}

/// The new limits of an agent, an identity or a key, of which one is named.
public struct SetQuota: Codable, Sendable {
    public var agentID: ID<AgentState>?
    public var identityID: ID<Identity>?
    public var keyID: ID<APIKey>?
    public var tokensPerDay: Int?
    public var costPerDay: Double?
    public var turnsPerDay: Int?

    public init() {}
}

public struct ListQuotas: PageQuery {
    public var agentID: String?
    public var identityID: String?
    public var keyID: String?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

extension API {
    public enum Usage {
        public static let summary = Endpoint<NoPath, SummarizeUsage, NoBody, UsageSummary>(
            .get, "/v1/usage/summary", "Sums up tokens, turns and costs by day, agent, model, identity or key.")
    }

    /// Daily limits.
    public enum Quotas {
        public static let list = Endpoint<NoPath, ListQuotas, NoBody, [Quota]>(
            .get, "/v1/quotas/", "Lists daily limits with what was used today, newest first.")
        public static let set = Endpoint<NoPath, NoQuery, SetQuota, Quota>(
            .put, "/v1/quotas/", "Sets the daily limits of an agent, an identity or a key.")
        public static let retrieve = Endpoint<ID<Quota>, NoQuery, NoBody, Quota>(
            .get, "/v1/quotas/{quota_id}", "Retrieves daily limits with what was used today.")
        public static let delete = Endpoint<ID<Quota>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/quotas/{quota_id}", "Removes daily limits.")
    }
}
