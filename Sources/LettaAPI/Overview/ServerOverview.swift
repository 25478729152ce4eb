public import JSON

/// How the server is and what its agents do, of the same size whatever there is.
public struct ServerOverview: Codable, Sendable, JSONWritable {
    /// How far back figures go.
    public enum Period: String, Codable, Sendable, CaseIterable, JSONWritable {
        case day = "24h"
        case week = "7d"
        case month = "30d"
    }

    /// What somebody has to look at.
    public struct Needs: Codable, Sendable, JSONWritable {
        /// The newest ten.
        public var approvals: [WaitingApproval]
        public var approvalCount: Int
        /// The newest twenty of the last 24 hours, without those whose agent has completed a run since.
        public var failedRuns: [Run]
        /// What has failed of the database, the disk, the providers, MCP servers and backups; none for who may not know.
        public var checks: [ServerCheck]

        public init(
            approvals: [WaitingApproval], approvalCount: Int, failedRuns: [Run], checks: [ServerCheck]
        ) {
            self.approvals = approvals
            self.approvalCount = approvalCount
            self.failedRuns = failedRuns
            self.checks = checks
        }
    }

    /// The tokens of an hour, or of a day in UTC.
    public struct Bucket: Codable, Sendable, Hashable, JSONWritable {
        public var startsAt: Timestamp
        public var tokens: Int

        public init(startsAt: Timestamp, tokens: Int) {
            self.startsAt = startsAt
            self.tokens = tokens
        }
    }

    public var period: Period
    public var startsAt: Timestamp
    public var endsAt: Timestamp
    public var needs: Needs
    public var agentCount: Int
    /// Runs that are not over.
    public var runningCount: Int
    /// Those that began in the period.
    public var runCount: Int
    public var failedRunCount: Int
    /// How long a turn takes, by the newest thousand of the period; nil when there was none.
    public var medianTurnMs: Int?
    /// Of the period; for `7d` and `30d` of whole days in UTC.
    public var usage: UsageTotals
    /// By hours for `24h`, else by days; the oldest first.
    public var buckets: [Bucket]
    /// The newest twelve.
    public var runs: [Run]
    /// The ten that ran last.
    public var agents: [AgentSummary]
    /// The names of the agents of `runs` and `needs`, by id.
    public var names: [String: String]

    public init(
        period: Period, startsAt: Timestamp, endsAt: Timestamp, needs: Needs, agentCount: Int, runningCount: Int,
        runCount: Int, failedRunCount: Int, usage: UsageTotals, buckets: [Bucket], runs: [Run]
    ) {
        self.period = period
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.needs = needs
        self.agentCount = agentCount
        self.runningCount = runningCount
        self.runCount = runCount
        self.failedRunCount = failedRunCount
        self.usage = usage
        self.buckets = buckets
        self.runs = runs
        agents = []
        names = [:]
    }
}

public struct RetrieveOverview: Codable, Sendable {
    /// Left out: `24h`.
    public var period: ServerOverview.Period?

    public init() {}
}

extension API {
    /// The whole server at a glance.
    public enum Overview {
        public static let retrieve = Endpoint<NoPath, RetrieveOverview, NoBody, ServerOverview>(
            .get, "/v1/server/overview", "Tells what needs somebody, what runs, and what was used in a period.")
    }
}
