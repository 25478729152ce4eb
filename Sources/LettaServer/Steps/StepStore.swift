import JSON
import LettaAPI
import Storage

/// A row of table `step`: the wire type and its metrics.
struct StepRow: Codable, Sendable {
    var step: Step
    var metrics: StepMetrics
    /// The names of the tools that were called.
    var toolNames: [String]
    var createdAt: Timestamp

    init(step: Step, metrics: StepMetrics, toolNames: [String], createdAt: Timestamp) {
        self.step = step
        self.metrics = metrics
        self.toolNames = toolNames
        self.createdAt = createdAt
    }

    private enum CodingKeys: CodingKey {
        case toolNames, createdAt, updatedAt
    }

    init(from decoder: any Decoder) throws {
        step = try Step(from: decoder)
        step.totalTokens = step.promptTokens + step.completionTokens
        metrics = try StepMetrics(from: decoder)
        let others = try decoder.container(keyedBy: CodingKeys.self)
        toolNames = try others.decode([String].self, forKey: .toolNames)
        createdAt = try others.decode(Timestamp.self, forKey: .createdAt)
        _ = try others.decode(Timestamp.self, forKey: .updatedAt)
    }

    func encode(to encoder: any Encoder) throws {
        try step.encode(to: encoder)
        try metrics.encode(to: encoder)
        var others = encoder.container(keyedBy: CodingKeys.self)
        try others.encode(toolNames, forKey: .toolNames)
        try others.encode(createdAt, forKey: .createdAt)
        try others.encode(createdAt, forKey: .updatedAt)
    }
}

/// Tables `step` and `provider_trace`.
enum StepStore {
    static let table = Table<StepRow>(
        "step",
        renaming: [
            "step_start_ns": "start_ns", "llm_request_start_ns": "model_call_start_ns",
            "llm_request_ns": "model_call_ns", "step_ns": "duration_ns", "tool_execution_ns": "tool_execution_ns",
        ],
        without: [
            "total_tokens": 0, "provider_id": nil, "project_id": nil, "template_id": nil, "base_template_id": nil,
        ])

    static func setFeedback(
        _ feedback: String?, tags: [String], of id: ID<Step>, at time: Timestamp, _ db: Transaction
    ) throws {
        try db.execute(
            """
            UPDATE step SET feedback = \(feedback), tags = \(RawJSON(tags)), updated_at = \(time)
            WHERE organization_id = \(db.organization) AND id = \(id)
            """)
    }

    static func setTransaction(_ transaction: String, of id: ID<Step>, at time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE step SET tid = \(transaction), updated_at = \(time)
            WHERE organization_id = \(db.organization) AND id = \(id)
            """)
    }

    /// The steps of a run ordered by time, up to `limit` of them.
    static func rows(of run: ID<Run>, limit: Int? = nil, _ db: Transaction) throws -> [StepRow] {
        try db.fetchAll(table, where: "run_id = \(run)", orderBy: "created_at, id", limit: limit)
    }

    static func page(_ query: ListSteps, _ db: Transaction) throws -> Page<Step> {
        try db.page(
            table, query,
            where: [
                query.agentID.map { "agent_id = \($0)" },
                query.conversationID.map { conversation in
                    """
                    EXISTS (SELECT 1 FROM run WHERE run.organization_id = \(db.organization) AND run.id = step.run_id
                            AND \(isIn(conversation == "default" ? nil : ID(conversation))))
                    """
                },
                query.model.map { "model = \($0)" },
                query.feedback.map { "feedback = \($0.rawValue)" },
                tags(query.tags),
                // No step has a trace of a telemetry service.
                query.traceIDs.flatMap { $0.isEmpty ? nil : "1 = 0" },
                query.projectID.map {
                    """
                    EXISTS (SELECT 1 FROM agent WHERE agent.organization_id = \(db.organization)
                            AND agent.id = step.agent_id AND agent.project_id = \($0))
                    """
                },
                query.hasFeedback.map { $0 ? "feedback IS NOT NULL" : "feedback IS NULL" },
                query.startDate.map { "created_at >= \($0.first)" },
                query.endDate.map { "created_at <= \($0.last)" },
            ]
        ).map(\.step)
    }

    /// Whether the run of a step was in a conversation; nil for the agent's own.
    private static func isIn(_ conversation: ID<Conversation>?) -> SQLText {
        conversation.map { "run.conversation_id = \($0)" } ?? "run.conversation_id IS NULL"
    }

    /// The steps before and after one in the conversation of its run, its number there, and how many there are.
    static func place(
        of row: StepRow, _ db: Transaction
    ) throws -> (before: ID<Step>?, after: ID<Step>?, number: Int, count: Int) {
        let conversation = try RunStore.run(row.step.runID, db)?.conversationID
        let steps: SQLText = """
            FROM step JOIN run ON run.organization_id = step.organization_id AND run.id = step.run_id
            WHERE step.organization_id = \(db.organization) AND step.agent_id = \(row.step.agentID)
                AND \(isIn(conversation)) AND (step.created_at, step.id)
            """
        let own: SQLText = "(\(row.createdAt), \(row.step.id))"
        let order: SQLText = "step.created_at DESC, step.id DESC LIMIT 1"
        let number: Int = try db.value("SELECT COUNT(*) \(steps) <= \(own)") ?? 0
        let later: Int = try db.value("SELECT COUNT(*) \(steps) > \(own)") ?? 0
        return (
            try db.value("SELECT step.id \(steps) < \(own) ORDER BY \(order)"),
            try db.value("SELECT step.id \(steps) > \(own) ORDER BY step.created_at, step.id LIMIT 1"),
            number, number + later
        )
    }

    /// What steps used by spans of time and models.
    ///
    /// - Parameter span: in microseconds; bucket 0 begins in 1970.
    static func usage(
        since start: Timestamp, by span: Int64, _ db: Transaction
    ) throws -> [(bucket: Int64, handle: String?, model: String?, usage: UsageTotals)] {
        try db.rows(
            """
            SELECT created_at / \(span) AS bucket, model_handle, model, COUNT(*) AS steps,
                CAST(SUM(prompt_tokens) AS BIGINT) AS prompt_tokens, CAST(SUM(completion_tokens) AS BIGINT) AS completion_tokens,
                CAST(SUM(COALESCE(cached_input_tokens, 0)) AS BIGINT) AS cached_input_tokens,
                CAST(SUM(COALESCE(cache_write_tokens, 0)) AS BIGINT) AS cache_write_tokens,
                CAST(SUM(COALESCE(reasoning_tokens, 0)) AS BIGINT) AS reasoning_tokens
            FROM step WHERE organization_id = \(db.organization) AND created_at >= \(start)
            GROUP BY bucket, model_handle, model
            """
        ).map { row in
            (try row["bucket"], try row["model_handle"], try row["model"], try UsageStore.stepTotals(row))
        }
    }

    /// The condition that a step has one of the tags; nil without tags.
    private static func tags(_ tags: [String]?) -> SQLText? {
        guard let tags, !tags.isEmpty else { return nil }
        return "(\(SQLText.joined(tags.map { contains("step.tags", $0) }, separator: " OR ")))"
    }

    /// The condition that a JSON list of texts holds this text. `replace` tells capitals apart, `LIKE` does not
    /// everywhere.
    static func contains(_ column: SQLText, _ text: String) -> SQLText {
        "replace(\(column), \(JSONWriter.string(of: text)), '') <> \(column)"
    }

    // MARK: Traces

    static func insert(_ trace: ProviderTrace, spans: [RunSpan], _ db: Transaction) throws {
        let spans = RawJSON(spans)
        try db.execute(
            """
            INSERT INTO provider_trace (organization_id, id, step_id, request, response, spans, bytes, created_at)
            VALUES (\(db.organization), \(trace.id), \(trace.stepID), \(trace.request), \(trace.response), \(spans),
                \(trace.request.text.utf8.count + trace.response.text.utf8.count + spans.text.utf8.count), \(trace.createdAt))
            """)
    }

    static func trace(of step: ID<Step>, _ db: Transaction) throws -> ProviderTrace? {
        try db.row(
            """
            SELECT id, request, response, created_at FROM provider_trace
            WHERE organization_id = \(db.organization) AND step_id = \(step) ORDER BY id LIMIT 1
            """
        ).map { row in
            ProviderTrace(
                id: try row["id"], stepID: step, request: try row["request"], response: try row["response"],
                createdAt: try row["created_at"])
        }
    }

    /// The spans of a run's steps that are still kept, ordered by time.
    ///
    /// - Parameter steps: only those of these; nil for all.
    static func spans(of run: ID<Run>, in steps: [ID<Step>]? = nil, _ db: Transaction) throws -> [RunSpan] {
        let among: SQLText = steps.map { " AND step.id IN (\(list: $0))" } ?? ""
        return try db.rows(
            """
            SELECT provider_trace.spans FROM step
            JOIN provider_trace ON provider_trace.organization_id = step.organization_id
                AND provider_trace.step_id = step.id
            WHERE step.organization_id = \(db.organization) AND step.run_id = \(run)
                AND provider_trace.spans IS NOT NULL\(among)
            ORDER BY step.created_at, step.id, provider_trace.id
            """
        ).flatMap { row -> [RunSpan] in
            let json: RawJSON = try row["spans"]
            return try JSONDecoding().decode([RunSpan].self, from: json.value())
        }
    }

    /// The size of the traces of all organizations, in bytes.
    static func traceBytes(_ db: any SQLExecutor) throws -> Int {
        try db.value("SELECT CAST(SUM(bytes) AS BIGINT) FROM provider_trace") ?? 0
    }

    /// Deletes the oldest traces of all organizations, up to `limit` of them.
    ///
    /// - Parameter time: deletes only older ones; nil for no bound.
    /// - Returns: the number of deleted traces.
    static func deleteOldestTraces(before time: Timestamp?, limit: Int, _ db: any SQLExecutor) throws -> Int {
        let condition: SQLText = if let time { "WHERE created_at < \(time)" } else { "" }
        return try db.execute(
            """
            DELETE FROM provider_trace WHERE (organization_id, step_id, id) IN (
                SELECT organization_id, step_id, id FROM provider_trace \(condition)
                ORDER BY created_at LIMIT \(limit) \(db.dialect.forUpdateSkipLocked))
            """)
    }
}
