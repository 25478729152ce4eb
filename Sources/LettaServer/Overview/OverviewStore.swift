import LettaAPI
import Storage

/// What an overview tells, from the tables of runs, steps, usage and agents.
enum OverviewStore {
    private static let hour: Int64 = 3_600_000_000
    private static let mostApprovals = 10
    private static let mostFailures = 20
    private static let mostRuns = 12
    private static let mostAgents = 10
    /// How many turns the median is of.
    private static let sample = 1_000

    static func overview(
        of period: ServerOverview.Period, _ failing: [ServerCheck], _ prices: ModelPrices, at now: Timestamp,
        _ db: Transaction
    ) throws -> ServerOverview {
        let yesterday = now.adding(days: -1)
        let days: Int64? =
            switch period {
            case .day: nil
            case .week: 7
            case .month: 30
            }
        // Whole days, because usage is counted by days.
        let start = days.map { now.nextUTCDay.adding(days: -$0) } ?? yesterday
        let (usage, buckets) =
            try days.map { try self.usage(from: start, days: $0, at: now, db) }
            ?? self.usage(since: start, until: now, prices, db)
        var approvals = ListApprovals()
        approvals.limit = mostApprovals
        let failed: SQLText = "status = 'failed' AND created_at >= "
        let needs = ServerOverview.Needs(
            approvals: try WaitingApprovalStore.page(approvals, db).items,
            approvalCount: try db.count(WaitingApprovalStore.table, where: []),
            failedRuns: try newest(mostFailures, where: "\(failed)\(yesterday) AND \(isNotOver)", db),
            checks: failing)
        var overview = ServerOverview(
            period: period, startsAt: start, endsAt: now, needs: needs,
            agentCount: try AgentStore.count(matching: AgentFilter(), db),
            runningCount: try db.count(RunStore.table, where: ["status IN ('created', 'running')"]),
            runCount: try db.count(RunStore.table, where: ["created_at >= \(start)"]),
            failedRunCount: try db.count(RunStore.table, where: ["\(failed)\(start)"]),
            usage: usage, buckets: buckets, runs: try newest(mostRuns, where: "1 = 1", db))
        overview.medianTurnMs = try medianTurn(since: start, db)
        var agents = ListAgentSummaries()
        agents.orderBy = .lastRunCompletion
        agents.limit = mostAgents
        overview.agents = try AgentSummaryStore.page(agents, at: now, db).items
        let named =
            overview.runs.map(\.agentID) + needs.failedRuns.map(\.agentID) + needs.approvals.map(\.agentID)
        overview.names = Dictionary(
            try AgentStore.names(of: named.withoutDuplicates, db).map { ($0.key.rawValue, $0.value) }
        ) { $1 }
        return overview
    }

    /// What failed is over once a later run of the agent was completed. The concatenation keeps SQLite from an index by
    /// status, which has the runs of all agents.
    private static let isNotOver: SQLText = """
        NOT EXISTS (
            SELECT 1 FROM run AS later
            WHERE later.organization_id = run.organization_id AND later.agent_id = run.agent_id
                AND later.created_at > run.created_at AND later.status || '' = 'completed')
        """

    private static func newest(_ count: Int, where condition: SQLText, _ db: Transaction) throws -> [Run] {
        try db.fetchAll(RunStore.table, where: condition, orderBy: "created_at DESC, id DESC", limit: count)
            .map(\.wire)
    }

    private static func medianTurn(since start: Timestamp, _ db: Transaction) throws -> Int? {
        let durations = try db.rows(
            """
            SELECT total_duration_ns FROM run
            WHERE organization_id = \(db.organization) AND created_at >= \(start) AND total_duration_ns IS NOT NULL
            ORDER BY created_at DESC, id DESC LIMIT \(sample)
            """
        ).map { row -> Int in try row["total_duration_ns"] }.sorted()
        return durations.isEmpty ? nil : durations[durations.count / 2] / 1_000_000
    }

    // MARK: Usage

    private static func usage(
        from start: Timestamp, days: Int64, at now: Timestamp, _ db: Transaction
    ) throws -> (UsageTotals, [ServerOverview.Bucket]) {
        var query = SummarizeUsage()
        query.groupBy = [.day]
        let (total, items) = try UsageStore.summary(
            query, from: start.utcDay, to: now.utcDay, limit: Int(days), db)
        let tokens = Dictionary(items.map { ($0.day ?? "", $0.usage.totalTokens) }) { $1 }
        return (
            total,
            (0..<days).map { day in
                let time = start.adding(days: day)
                return ServerOverview.Bucket(startsAt: time, tokens: tokens[time.utcDay] ?? 0)
            }
        )
    }

    private static func usage(
        since start: Timestamp, until now: Timestamp, _ prices: ModelPrices, _ db: Transaction
    ) throws -> (UsageTotals, [ServerOverview.Bucket]) {
        var total = UsageTotals()
        var cost: Int64?
        var tokens: [Int64: Int] = [:]
        for step in try StepStore.usage(since: start, by: hour, db) {
            total.steps += step.usage.steps
            total.promptTokens += step.usage.promptTokens
            total.completionTokens += step.usage.completionTokens
            total.cachedInputTokens += step.usage.cachedInputTokens
            total.cacheWriteTokens += step.usage.cacheWriteTokens
            total.reasoningTokens += step.usage.reasoningTokens
            tokens[step.bucket, default: 0] += step.usage.totalTokens
            if let more = prices.cost(of: step.usage, handle: step.handle, model: step.model) {
                cost = (cost ?? 0) + more
            }
        }
        total.totalTokens = total.promptTokens + total.completionTokens
        total.turns = try db.count(RunStore.table, where: ["created_at >= \(start)"])
        total.cost = cost.map { Double($0) / 1_000_000_000 }
        let hours = start.microseconds / hour...now.microseconds / hour
        return (
            total,
            hours.map {
                ServerOverview.Bucket(startsAt: Timestamp(microseconds: $0 * hour), tokens: tokens[$0] ?? 0)
            }
        )
    }
}
