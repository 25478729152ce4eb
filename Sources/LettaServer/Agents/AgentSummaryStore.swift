import LettaAPI
import Storage

/// Agents at a glance: short columns of table `agent`, and the newest row of what belongs to each.
///
/// The statements are as many for a thousand agents as for one, and read nothing of an agent's history but its newest rows.
enum AgentSummaryStore {
    private struct Row: Codable, Sendable {
        var id: ID<AgentState>
        var name: String
        var description: String?
        var llmConfig: Document<LLMConfig>
        var model: String?
        var contextWindow: Int
        var lastRunCompletion: Timestamp?
        var lastRunDurationMs: Int?
        var lastStopReason: String?
        var nextMessagePosition: Int
        var createdAt: Timestamp
        var updatedAt: Timestamp
    }

    private static let table = Table<Row>("agent")
    /// The days of ``AgentSummary/cost``, today's with them.
    private static let days = 30

    static func page(_ query: ListAgentSummaries, at time: Timestamp, _ db: Transaction) throws -> Page<AgentSummary> {
        let order = query.orderBy ?? .createdAt
        let request = try PageRequest(query, defaultOrder: order == .name ? .ascending : .descending)
        var filter = AgentFilter()
        filter.queryText = query.query
        filter.tags = query.tag.map { [$0] }
        filter.identityID = query.identityID
        filter.projectID = query.projectID
        let conditions =
            AgentStore.conditions(filter, db) + [
                query.model.map { "model = \($0)" }, query.state.map { States(db).condition($0) },
                query.nearlyFull == true ? "10 * COALESCE(\(lastTokens), 0) >= 8 * agent.context_window" : nil,
            ]
        let days = (0..<days).map { time.adding(days: Int64(-$0)).utcDay }
        let page =
            try key(order, request).map { try db.page(table, request, key: $0, where: conditions) }
            ?? self.page(byCostOn: days, request, where: conditions, db)
        return page.replacing(with: try complete(page.items, costsOn: days, db))
    }

    /// All costs are summed up, because none is known by itself; of the agents only the ids are sorted.
    private static func page(
        byCostOn days: [String], _ request: PageRequest, where conditions: [SQLText?], _ db: Transaction
    ) throws -> Page<Row> {
        // As with agents that never ran.
        let columns: [SQLText] = [
            request.isAscending ? "(spent IS NULL)" : "(spent IS NOT NULL)", "COALESCE(spent, 0)", "id",
        ]
        func key(of id: String?) throws -> [SQLValue]? {
            try id.flatMap { id in
                try db.row(
                    """
                    SELECT \(columns[0]) AS known, \(columns[1]) AS amount
                    FROM (\(UsageStore.spending(of: id, on: days, db))) AS spending
                    """
                ).map { [try $0["known"], try $0["amount"], id.sqlValue] }
            }
        }
        let keyset = Keyset(
            columns: columns, request: request, after: try key(of: request.after), before: try key(of: request.before))
        let all = ["organization_id = \(db.organization)"] + conditions.compactMap { $0 }
        let rows = try db.rows(
            """
            SELECT id FROM agent LEFT JOIN (\(UsageStore.spending(on: days, db))) AS spending ON spender = agent.id
            WHERE \(SQLText.joined(all, separator: " AND "))\(keyset.conditions)\(keyset.ending)
            """)
        let page = try keyset.page(rows.map { try $0["id"] as String }) { $0 }
        let found = Dictionary(try db.fetch(table, page.items).map { ($0.id.rawValue, $0) }) { $1 }
        return page.replacing(with: page.items.compactMap { found[$0] })
    }

    /// What the last call of a model took, of a row of `agent`.
    private static let lastTokens: SQLText = """
        (SELECT step.prompt_tokens + step.completion_tokens FROM step
         WHERE step.organization_id = agent.organization_id AND step.agent_id = agent.id
         ORDER BY step.created_at DESC, step.id DESC LIMIT 1)
        """

    /// The columns that have the order; nil for the cost, which is none.
    private static func key(_ order: AgentSummaryOrder, _ request: PageRequest) -> [SQLText]? {
        switch order {
        case .name: ["name", "created_at", "id"]
        case .createdAt: AgentStore.key(.createdAt, request)
        case .updatedAt: AgentStore.key(.updatedAt, request)
        case .lastRunCompletion: AgentStore.key(.lastRunCompletion, request)
        case .cost: nil
        }
    }

    /// ``AgentSummary/State`` of rows of `agent`. Those that wait and those that run are few, and found by themselves.
    private struct States {
        private let waits: SQLText
        private let runs: SQLText
        private let failed: SQLText
        /// As the index `agent_failed` has it.
        private let isFailed: SQLText

        init(_ db: Transaction) {
            waits = """
                agent.id IN (
                    SELECT waiting_approval.agent_id FROM waiting_approval
                    WHERE waiting_approval.organization_id = \(db.organization))
                """
            runs = """
                agent.id IN (
                    SELECT run.agent_id FROM run
                    WHERE run.organization_id = \(db.organization) AND run.status IN ('created', 'running'))
                """
            let reasons = SQLText(stringLiteral: StopReason.failures.map { "'\($0.rawValue)'" }.joined(separator: ", "))
            failed = "COALESCE(agent.last_stop_reason, '') IN (\(reasons))"
            isFailed = "agent.last_stop_reason IN (\(reasons))"
        }

        var state: SQLText {
            """
            CASE WHEN \(waits) THEN 'waiting' WHEN \(runs) THEN 'running' WHEN \(failed) THEN 'failed' ELSE 'idle' END
            """
        }

        func condition(_ state: AgentSummary.State) -> SQLText {
            switch state {
            case .waiting: waits
            case .running: "\(runs) AND NOT \(waits)"
            case .failed: "\(isFailed) AND NOT \(waits) AND NOT \(runs)"
            case .idle: "NOT \(failed) AND NOT \(waits) AND NOT \(runs)"
            }
        }
    }

    private static func complete(_ rows: [Row], costsOn days: [String], _ db: Transaction) throws -> [AgentSummary] {
        let ids = rows.map(\.id)
        let details = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT agent.id, \(States(db).state) AS state,
                    (SELECT COUNT(*) FROM agent_block
                     WHERE agent_block.organization_id = agent.organization_id AND agent_block.agent_id = agent.id
                    ) AS blocks,
                    \(lastTokens) AS tokens
                FROM agent WHERE agent.organization_id = \(db.organization) AND agent.id IN (\(list: ids))
                """)
        }
        let byID = Dictionary(try details.map { (try $0["id"] as ID<AgentState>, $0) }) { $1 }
        let tags = try TagStore.tags(of: ids, owner: "agent", db)
        let costs = try UsageStore.costs(of: ids, on: days, db)
        return try rows.map { row in
            var summary = AgentSummary(
                id: row.id, name: row.name, contextWindow: row.contextWindow, messageCount: row.nextMessagePosition,
                createdAt: row.createdAt, updatedAt: row.updatedAt)
            summary.description = row.description
            summary.tags = tags[row.id] ?? []
            summary.model = try row.model ?? row.llmConfig.content().model
            summary.lastRunCompletion = row.lastRunCompletion
            summary.lastRunDurationMs = row.lastRunDurationMs
            summary.lastStopReason = row.lastStopReason
            summary.cost = costs[row.id]
            if let details = byID[row.id] {
                summary.state = AgentSummary.State(rawValue: try details["state"]) ?? .idle
                summary.blockCount = try details["blocks"]
                // A call that failed has none.
                let tokens: Int? = try details["tokens"]
                summary.contextTokens = tokens == 0 ? nil : tokens
            }
            return summary
        }
    }
}

extension StopReason {
    /// Those of runs that have failed.
    static let failures: [StopReason] = allCases.filter { reason in
        switch reason {
        case .endTurn, .maxSteps, .toolRule, .requiresApproval, .cancelled: false
        default: true
        }
    }
}
