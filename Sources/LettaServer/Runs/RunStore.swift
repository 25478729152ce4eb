import JSON
import LettaAPI
import Storage

/// Table `run`.
enum RunStore {
    static let table = Table<Stored<Run>>(
        "run", renaming: ["ttft_ns": "time_to_first_token_ns"],
        without: [
            "title": nil, "agent_name": nil, "asked_by": nil, "num_steps": nil, "total_tokens": nil, "cost": nil,
            "error": nil, "remedy": nil,
        ])

    static func insert(_ run: Run, _ db: Transaction) throws {
        try db.insert(Stored(run, at: run.createdAt), into: table)
        if run.callbackURL != nil { try RunCallbackStore.insert(run, db) }
    }

    /// Writes the state of a run. ``setCallback(_:sentAt:status:error:_:)`` writes the outcome of its callback.
    ///
    /// - Returns: whether there is such a run.
    @discardableResult
    static func update(_ run: Run, at time: Timestamp, _ db: Transaction) throws -> Bool {
        var row = Stored(run, at: run.createdAt)
        row.updatedAt = time
        return try db.update(
            row, in: table,
            keeping: ["callback_url", "callback_sent_at", "callback_status_code", "callback_error"])
    }

    /// Stores the spans of a run that are of none of its stored steps.
    static func setSpans(_ spans: [RunSpan], of id: ID<Run>, _ db: Transaction) throws {
        try db.execute(
            "UPDATE run SET spans = \(RawJSON(spans)) WHERE organization_id = \(db.organization) AND id = \(id)")
    }

    static func spans(of id: ID<Run>, _ db: Transaction) throws -> [RunSpan] {
        let json: RawJSON? = try db.row(
            "SELECT spans FROM run WHERE organization_id = \(db.organization) AND id = \(id)"
        ).flatMap { try $0["spans"] }
        return try json.map { try JSONDecoding().decode([RunSpan].self, from: $0.value()) } ?? []
    }

    /// Stores the outcome of a callback.
    static func setCallback(_ id: ID<Run>, sentAt: Timestamp?, status: Int?, error: String?, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE run SET callback_sent_at = \(sentAt), callback_status_code = \(status), callback_error = \(error)
            WHERE organization_id = \(db.organization) AND id = \(id)
            """)
    }

    static func delete(_ id: ID<Run>, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: StepStore.table, where: "run_id = \(id)", db)
        try db.delete(id, from: table)
    }

    static func run(_ id: ID<Run>, _ db: Transaction) throws -> Run? {
        try db.fetch(table, id)?.wire
    }

    /// The run of an agent that was created last.
    static func latest(of agent: ID<AgentState>, _ db: Transaction) throws -> Run? {
        try db.fetchAll(
            table, where: "agent_id = \(agent)", orderBy: "created_at DESC, id DESC LIMIT 1"
        ).first?.wire
    }

    /// An unfinished run of a thread, one in the background if there is one.
    static func unfinished(
        of agent: ID<AgentState>, in conversation: ID<Conversation>?, _ db: Transaction
    ) throws -> ID<Run>? {
        let thread: SQLText = conversation.map { "conversation_id = \($0)" } ?? "conversation_id IS NULL"
        return try db.value(
            """
            SELECT id FROM run
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND \(thread)
                AND status IN ('created', 'running')
            ORDER BY background DESC, created_at LIMIT 1
            """)
    }

    static func page(_ query: ListRuns, _ db: Transaction) throws -> Page<Run> {
        let request = try PageRequest(
            query, defaultLimit: 100, defaultOrder: query.ascending == true ? .ascending : .descending)
        let agents = (query.agentIDs ?? []) + (query.agentID.map { [$0] } ?? [])
        if let percentile = query.durationPercentile, !(0...100).contains(percentile) {
            throw APIError.invalidField(
                "duration_percentile", "must be from 0 to 100", input: .int(Int64(percentile)), in: "query")
        }
        return try db.page(
            table, request, key: key(query, request),
            where: [
                percentile(query, db), try tools(query.toolsUsed, db),
                agents.isEmpty ? nil : "agent_id IN (\(list: agents))",
                query.conversationID.map { conversation -> SQLText in
                    conversation == "default" ? "conversation_id IS NULL" : "conversation_id = \(conversation)"
                },
                query.statuses.flatMap { $0.isEmpty ? nil : "status IN (\(list: $0.map(\.rawValue)))" },
                query.active == true ? "status IN ('created', 'running')" : nil,
                query.background.map { $0 ? "background" : "NOT background" },
                query.stopReason.map { "stop_reason = \($0.rawValue)" },
                query.runID.map { "id = \($0)" },
                query.startDate.map { "created_at >= \($0.first)" },
                query.endDate.map { "created_at <= \($0.last)" },
                duration(query), stepCount(query, db), agent("project_id", is: query.projectID, db),
                agent("base_template_id", is: query.templateFamily, db),
            ]
        ).map(\.wire)
    }

    private static func key(_ query: ListRuns, _ request: PageRequest) -> [SQLText] {
        guard query.orderBy == .duration else { return ["created_at", "id"] }
        // The flag follows the direction; see `AgentStore`.
        let isMissing: SQLText =
            request.isAscending ? "(total_duration_ns IS NULL)" : "(total_duration_ns IS NOT NULL)"
        return [isMissing, "COALESCE(total_duration_ns, 0)", "id"]
    }

    private static func percentile(_ query: ListRuns, _ db: Transaction) -> SQLText? {
        query.durationPercentile.map { percentile in
            """
            total_duration_ns >= (
                SELECT MIN(ranked.duration) FROM (
                    SELECT total_duration_ns AS duration, PERCENT_RANK() OVER (ORDER BY total_duration_ns) AS place
                    FROM run WHERE organization_id = \(db.organization) AND total_duration_ns IS NOT NULL
                ) AS ranked WHERE ranked.place >= \(Double(percentile) / 100))
            """
        }
    }

    /// The condition that a run called one of these tools; nil without tools.
    private static func tools(_ ids: [String]?, _ db: Transaction) throws -> SQLText? {
        guard let ids, !ids.isEmpty else { return nil }
        let names = try db.fetch(ToolStore.table, ids.map { ID<Tool>($0) }).map(\.wire.name)
        guard !names.isEmpty else { return "1 = 0" }
        let called = SQLText.joined(names.map { StepStore.contains("step.tool_names", $0) }, separator: " OR ")
        return """
            EXISTS (SELECT 1 FROM step WHERE step.organization_id = \(db.organization) AND step.run_id = run.id
                    AND (\(called)))
            """
    }

    private static func duration(_ query: ListRuns) -> SQLText? {
        guard let value = query.durationValue, let comparison = query.durationOperator else { return nil }
        return switch comparison {
        case .more: "total_duration_ns > \(value)"
        case .less: "total_duration_ns < \(value)"
        case .equal: "total_duration_ns = \(value)"
        }
    }

    private static func stepCount(_ query: ListRuns, _ db: Transaction) -> SQLText? {
        guard let count = query.stepCount else { return nil }
        let steps: SQLText = """
            (SELECT COUNT(*) FROM step WHERE step.organization_id = \(db.organization) AND step.run_id = run.id)
            """
        return switch query.stepCountOperator ?? .equal {
        case .equal: "\(steps) = \(count)"
        case .atLeast: "\(steps) >= \(count)"
        case .atMost: "\(steps) <= \(count)"
        }
    }

    /// The condition on a column of the run's agent; nil without a value.
    private static func agent(_ column: SQLText, is value: String?, _ db: Transaction) -> SQLText? {
        value.map {
            """
            EXISTS (SELECT 1 FROM agent WHERE agent.organization_id = \(db.organization)
                    AND agent.id = run.agent_id AND agent.\(column) = \($0))
            """
        }
    }

    /// Deletes up to `limit` ended runs with their steps, the oldest ones.
    ///
    /// - Returns: the number of runs.
    static func deleteEnded(of agent: ID<AgentState>, limit: Int, _ db: Transaction) throws -> Int {
        let ids: [ID<Run>] = try db.rows(
            """
            SELECT id FROM run
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND status NOT IN ('created', 'running')
            ORDER BY created_at, id LIMIT \(limit)
            """
        ).map { try $0["id"] }
        guard !ids.isEmpty else { return 0 }
        try DeletedKeyStore.note(in: StepStore.table, where: "run_id IN (\(list: ids))", db)
        try db.delete(ids, from: table)
        return ids.count
    }

    /// Whether no server that is there has the run. Without other servers that is every run.
    private static let isAbandoned: SQLText = """
        (run.server_id IS NULL OR NOT EXISTS (SELECT 1 FROM server WHERE server.id = run.server_id))
        """

    /// Ends the unfinished runs of all organizations that no server has.
    ///
    /// - Returns: the runs with their organizations.
    static func failUnfinished(at time: Timestamp, _ db: any SQLExecutor) throws -> [(organization: String, run: Run)] {
        try db.rows(
            """
            UPDATE run SET status = 'failed', stop_reason = 'error', completed_at = \(time), updated_at = \(time)
            WHERE organization_id IN (SELECT id FROM organization) AND status IN ('created', 'running')
                AND \(isAbandoned)
            RETURNING organization_id, \(table.columns)
            """
        ).map { (try $0["organization_id"], try table.row($0).wire) }
    }

    /// The background runs of all organizations created after `time` whose stored events have no end.
    static func withoutLastEvent(
        createdAfter time: Timestamp, _ db: any SQLExecutor
    ) throws -> [(organization: String, run: Run)] {
        try db.rows(
            """
            SELECT organization_id, \(table.columns) FROM run
            WHERE organization_id IN (SELECT id FROM organization) AND created_at > \(time) AND background
                AND \(isAbandoned)
                AND NOT EXISTS (
                    SELECT 1 FROM run_event
                    WHERE run_event.organization_id = run.organization_id AND run_event.run_id = run.id
                        AND run_event.type IN ('usage_statistics', 'error_message'))
            """
        ).map { (try $0["organization_id"], try table.row($0).wire) }
    }
}
