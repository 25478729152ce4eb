import LettaAPI
import Storage

/// To whom usage is counted.
struct UsageSubject: Sendable {
    let agent: ID<AgentState>
    let identity: ID<Identity>?
    let key: String?
}

/// What one turn or one step adds.
struct UsageAddition: Sendable {
    var turns = 0
    var steps = 0
    var promptTokens = 0
    var completionTokens = 0
    var cachedInputTokens = 0
    var cacheWriteTokens = 0
    var reasoningTokens = 0
    /// In billionths of a US dollar; nil when the price is not known.
    var cost: Int64?
}

/// Table `usage_day`: what was used on a day, by agent, model, identity and key. Empty texts stand for none, because
/// NULL can't be in a key.
enum UsageStore {
    static func add(
        _ usage: UsageAddition, of subject: UsageSubject, model: String, at time: Timestamp, _ db: Transaction
    ) throws {
        let counts: [(name: SQLText, value: Int)] = [
            ("turns", usage.turns), ("steps", usage.steps), ("prompt_tokens", usage.promptTokens),
            ("completion_tokens", usage.completionTokens), ("cached_input_tokens", usage.cachedInputTokens),
            ("cache_write_tokens", usage.cacheWriteTokens), ("reasoning_tokens", usage.reasoningTokens),
        ]
        let sums = counts.map { "\($0.name) = usage_day.\($0.name) + excluded.\($0.name)" as SQLText }
        try db.execute(
            """
            INSERT INTO usage_day
                (organization_id, day, agent_id, model, identity_id, key_id, cost,
                \(SQLText.joined(counts.map(\.name), separator: ", ")))
            VALUES (\(db.organization), \(time.utcDay), \(subject.agent), \(model),
                \(subject.identity?.rawValue ?? ""), \(subject.key ?? ""), \(usage.cost), \(list: counts.map(\.value)))
            ON CONFLICT (organization_id, day, agent_id, model, identity_id, key_id) DO UPDATE SET
                cost = CASE WHEN excluded.cost IS NULL THEN usage_day.cost
                    ELSE COALESCE(usage_day.cost, 0) + excluded.cost END,
                \(SQLText.joined(sums, separator: ", "))
            """)
    }

    private static let sums: SQLText = """
        CAST(COALESCE(SUM(turns), 0) AS BIGINT) AS turns, CAST(COALESCE(SUM(steps), 0) AS BIGINT) AS steps,
        CAST(COALESCE(SUM(prompt_tokens), 0) AS BIGINT) AS prompt_tokens,
        CAST(COALESCE(SUM(completion_tokens), 0) AS BIGINT) AS completion_tokens,
        CAST(COALESCE(SUM(cached_input_tokens), 0) AS BIGINT) AS cached_input_tokens,
        CAST(COALESCE(SUM(cache_write_tokens), 0) AS BIGINT) AS cache_write_tokens,
        CAST(COALESCE(SUM(reasoning_tokens), 0) AS BIGINT) AS reasoning_tokens, CAST(SUM(cost) AS BIGINT) AS cost
        """

    /// What a row with sums of steps says, without turns and cost.
    static func stepTotals(_ row: SQLRow) throws -> UsageTotals {
        var usage = UsageTotals()
        usage.steps = try row["steps"]
        usage.promptTokens = try row["prompt_tokens"]
        usage.completionTokens = try row["completion_tokens"]
        usage.totalTokens = usage.promptTokens + usage.completionTokens
        usage.cachedInputTokens = try row["cached_input_tokens"]
        usage.cacheWriteTokens = try row["cache_write_tokens"]
        usage.reasoningTokens = try row["reasoning_tokens"]
        return usage
    }

    private static func totals(_ row: SQLRow) throws -> UsageTotals {
        var usage = try stepTotals(row)
        usage.turns = try row["turns"]
        let cost: Int64? = try row["cost"]
        usage.cost = cost.map { Double($0) / 1_000_000_000 }
        return usage
    }

    /// What a quota's agent, identity or key used on a day.
    static func used(by quota: Quota, on day: String, _ db: Transaction) throws -> UsageTotals {
        let subject: SQLText =
            if let agent = quota.agentID {
                "agent_id = \(agent)"
            } else if let identity = quota.identityID {
                "identity_id = \(identity)"
            } else {
                "key_id = \(quota.keyID)"
            }
        return try db.row(
            "SELECT \(sums) FROM usage_day WHERE organization_id = \(db.organization) AND day = \(day) AND \(subject)"
        ).map(totals) ?? UsageTotals()
    }

    /// A query of all agents with a known cost on the days: `spender`, and `spent` in billionths of a US dollar.
    static func spending(on days: [String], _ db: Transaction) -> SQLText {
        """
        SELECT agent_id AS spender, CAST(SUM(cost) AS BIGINT) AS spent FROM usage_day
        WHERE organization_id = \(db.organization) AND day IN (\(list: days)) AND cost IS NOT NULL GROUP BY agent_id
        """
    }

    /// A query of one row: `spent` of one agent, NULL where no cost is known. What was used stays when the agent is gone.
    static func spending(of agent: String, on days: [String], _ db: Transaction) -> SQLText {
        """
        SELECT CAST(SUM(cost) AS BIGINT) AS spent FROM usage_day
        WHERE organization_id = \(db.organization) AND day IN (\(list: days)) AND agent_id = \(agent)
        """
    }

    /// The known costs of agents on the days, in US dollars.
    static func costs(
        of agents: [ID<AgentState>], on days: [String], _ db: Transaction
    ) throws -> [ID<AgentState>: Double] {
        let rows = try agents.inStatements { agents in
            // The days one by one, because the key has them before the agents.
            try db.rows(
                """
                SELECT agent_id, CAST(SUM(cost) AS BIGINT) AS cost FROM usage_day
                WHERE organization_id = \(db.organization) AND day IN (\(list: days)) AND agent_id IN (\(list: agents))
                    AND cost IS NOT NULL
                GROUP BY agent_id
                """)
        }
        return Dictionary(
            try rows.map { (try $0["agent_id"], Double(try $0["cost"] as Int64) / 1_000_000_000) }, uniquingKeysWith: +)
    }

    /// - Returns: one item more than the limit if there are more.
    static func summary(
        _ query: SummarizeUsage, from first: String, to last: String, limit: Int, _ db: Transaction
    ) throws -> (total: UsageTotals, items: [UsageItem]) {
        let filters: [SQLText?] = [
            "organization_id = \(db.organization) AND day >= \(first) AND day <= \(last)",
            query.agentID.map { "agent_id = \($0)" }, query.model.map { "model = \($0)" },
            query.identityID.map { "identity_id = \($0)" }, query.keyID.map { "key_id = \($0)" },
        ]
        let condition = SQLText.joined(filters.compactMap { $0 }, separator: " AND ")
        let total = try db.row("SELECT \(sums) FROM usage_day WHERE \(condition)").map(totals) ?? UsageTotals()
        let dimensions = Set(query.groupBy ?? [.day, .agent, .model])
        let columns = UsageDimension.allCases.filter(dimensions.contains).map(\.column)
        guard !columns.isEmpty else { return (total, []) }
        let names = SQLText.joined(columns, separator: ", ")
        let byDay: SQLText = dimensions.contains(.day) ? "day DESC, " : ""
        let rows = try db.rows(
            """
            SELECT \(names), \(sums) FROM usage_day WHERE \(condition) GROUP BY \(names)
            ORDER BY \(byDay)SUM(prompt_tokens) + SUM(completion_tokens) DESC, \(names) LIMIT \(limit + 1)
            """)
        return (total, try rows.map { try item($0, dimensions) })
    }

    private static func item(_ row: SQLRow, _ dimensions: Set<UsageDimension>) throws -> UsageItem {
        func text(_ dimension: UsageDimension) throws -> String? {
            guard dimensions.contains(dimension) else { return nil }
            let text: String = try row[dimension.column.text]
            return text.isEmpty ? nil : text
        }
        var item = UsageItem(usage: try totals(row))
        item.day = try text(.day)
        item.agentID = try text(.agent)
        item.model = try text(.model)
        item.identityID = try text(.identity)
        item.keyID = try text(.key)
        return item
    }
}

extension UsageDimension {
    fileprivate var column: SQLText {
        switch self {
        case .day: "day"
        case .agent: "agent_id"
        case .model: "model"
        case .identity: "identity_id"
        case .key: "key_id"
        }
    }
}

extension Timestamp {
    private static let microsecondsOfDay: Int64 = 86_400_000_000

    /// The day in UTC, such as `2026-01-31`.
    var utcDay: String { String(wireText.prefix(10)) }

    /// The next midnight in UTC.
    var nextUTCDay: Timestamp {
        let day = microseconds / Self.microsecondsOfDay - (microseconds % Self.microsecondsOfDay < 0 ? 1 : 0)
        return Timestamp(microseconds: (day + 1) * Self.microsecondsOfDay)
    }

    func adding(days: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds + days * Self.microsecondsOfDay)
    }
}
