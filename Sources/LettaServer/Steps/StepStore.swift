import JSON
import LettaAPI
import Storage

/// What is stored of a step: what clients see and what it took.
struct StepRow: Sendable {
    var step: Step
    var metrics: StepMetrics
    /// The names of the tools that were called.
    var toolNames: [String]
    var createdAt: Timestamp
}

/// Tables `step` and `provider_trace`.
enum StepStore {
    private static let columns: SQLText = """
        id, run_id, agent_id, provider_name, provider_category, model, model_handle, model_endpoint,
        context_window_limit, prompt_tokens, completion_tokens, cached_input_tokens, cache_write_tokens,
        reasoning_tokens, status, stop_reason, error_type, error_data, feedback, tags, tool_names, start_ns,
        model_call_start_ns, model_call_ns, tool_execution_ns, duration_ns, created_at
        """
    private static let key: [SQLText] = ["created_at", "id"]

    static func insert(_ row: StepRow, _ db: Transaction) throws {
        let (step, metrics) = (row.step, row.metrics)
        try db.execute(
            """
            INSERT INTO step (
                organization_id, id, run_id, agent_id, provider_name, provider_category, model, model_handle,
                model_endpoint, context_window_limit, prompt_tokens, completion_tokens, cached_input_tokens,
                cache_write_tokens, reasoning_tokens, status, stop_reason, error_type, error_data, feedback, tags,
                tool_names, start_ns, model_call_start_ns, model_call_ns, tool_execution_ns, duration_ns, created_at,
                updated_at)
            VALUES (
                \(db.organization), \(step.id), \(step.runID), \(step.agentID), \(step.providerName),
                \(step.providerCategory), \(step.model), \(step.modelHandle), \(step.modelEndpoint),
                \(step.contextWindowLimit), \(step.promptTokens), \(step.completionTokens),
                \(step.cachedInputTokens), \(step.cacheWriteTokens), \(step.reasoningTokens), \(step.status),
                \(step.stopReason?.rawValue), \(step.errorType), \(step.errorData), \(step.feedback),
                \(RawJSON(step.tags)), \(RawJSON(row.toolNames)), \(metrics.start), \(metrics.modelCallStart),
                \(metrics.modelCall), \(metrics.toolExecution), \(metrics.duration), \(row.createdAt),
                \(row.createdAt))
            """)
    }

    static func setFeedback(
        _ feedback: String?, tags: [String], of id: ID<Step>, at time: Timestamp, _ db: Transaction
    ) throws {
        try db.execute(
            """
            UPDATE step SET feedback = \(feedback), tags = \(RawJSON(tags)), updated_at = \(time)
            WHERE organization_id = \(db.organization) AND id = \(id)
            """)
    }

    static func row(_ id: ID<Step>, _ db: Transaction) throws -> StepRow? {
        try db.row(
            "SELECT \(columns) FROM step WHERE organization_id = \(db.organization) AND id = \(id)"
        ).map { try row($0, db) }
    }

    /// The steps of a run in order of time.
    static func rows(of run: ID<Run>, _ db: Transaction) throws -> [StepRow] {
        try db.rows(
            """
            SELECT \(columns) FROM step WHERE organization_id = \(db.organization) AND run_id = \(run)
            ORDER BY created_at, id
            """
        ).map { try row($0, db) }
    }

    static func page(_ request: PageRequest, matching filter: ListSteps, _ db: Transaction) throws -> [Step] {
        let keyset = Keyset(
            columns: key, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: "step", db),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: "step", db))
        var all: [SQLText] = ["organization_id = \(db.organization)"]
        if let agent = filter.agentID { all.append("agent_id = \(agent)") }
        if let model = filter.model { all.append("model = \(model)") }
        if let verdict = filter.feedback { all.append("feedback = \(verdict.rawValue)") }
        if let has = filter.hasFeedback { all.append(has ? "feedback IS NOT NULL" : "feedback IS NULL") }
        let rows = try db.rows(
            """
            SELECT \(columns) FROM step
            WHERE \(SQLText.joined(all, separator: " AND "))\(keyset.conditions)\(keyset.ending)
            """)
        return keyset.page(try rows.map { try row($0, db).step }).items
    }

    // MARK: Traces

    static func insert(_ trace: ProviderTrace, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO provider_trace (organization_id, id, step_id, request, response, bytes, created_at)
            VALUES (\(db.organization), \(trace.id), \(trace.stepID), \(trace.request), \(trace.response),
                \(trace.request.text.utf8.count + trace.response.text.utf8.count), \(trace.createdAt))
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

    /// How many bytes the traces of all organizations take.
    static func traceBytes(_ db: any SQLExecutor) throws -> Int {
        try db.value("SELECT CAST(SUM(bytes) AS BIGINT) FROM provider_trace") ?? 0
    }

    /// Deletes the oldest traces of all organizations, up to `limit` of them.
    ///
    /// - Parameter time: deletes only what is older; nil for no such bound.
    /// - Returns: how many it deleted.
    static func deleteOldestTraces(before time: Timestamp?, limit: Int, _ db: any SQLExecutor) throws -> Int {
        let condition: SQLText = if let time { "WHERE created_at < \(time)" } else { "" }
        return try db.execute(
            """
            DELETE FROM provider_trace WHERE (organization_id, step_id, id) IN (
                SELECT organization_id, step_id, id FROM provider_trace \(condition)
                ORDER BY created_at LIMIT \(limit) \(db.dialect.forUpdateSkipLocked))
            """)
    }

    private static func row(_ row: SQLRow, _ db: Transaction) throws -> StepRow {
        let tags: RawJSON = try row["tags"]
        let toolNames: RawJSON = try row["tool_names"]
        let reason: String? = try row["stop_reason"]
        var step = Step(
            id: try row["id"], runID: try row["run_id"], agentID: try row["agent_id"], status: try row["status"])
        step.organizationID = db.organization
        step.providerName = try row["provider_name"]
        step.providerCategory = try row["provider_category"]
        step.model = try row["model"]
        step.modelHandle = try row["model_handle"]
        step.modelEndpoint = try row["model_endpoint"]
        step.contextWindowLimit = try row["context_window_limit"]
        step.promptTokens = try row["prompt_tokens"]
        step.completionTokens = try row["completion_tokens"]
        step.totalTokens = step.promptTokens + step.completionTokens
        step.cachedInputTokens = try row["cached_input_tokens"]
        step.cacheWriteTokens = try row["cache_write_tokens"]
        step.reasoningTokens = try row["reasoning_tokens"]
        step.stopReason = reason.flatMap(StopReason.init(rawValue:))
        step.errorType = try row["error_type"]
        step.errorData = try row["error_data"]
        step.feedback = try row["feedback"]
        step.tags = try tags.value().array?.compactMap(\.string) ?? []
        var metrics = StepMetrics(
            id: step.id, organizationID: db.organization, runID: step.runID, agentID: step.agentID)
        metrics.start = try row["start_ns"]
        metrics.modelCallStart = try row["model_call_start_ns"]
        metrics.modelCall = try row["model_call_ns"]
        metrics.toolExecution = try row["tool_execution_ns"]
        metrics.duration = try row["duration_ns"]
        return StepRow(
            step: step, metrics: metrics, toolNames: try toolNames.value().array?.compactMap(\.string) ?? [],
            createdAt: try row["created_at"])
    }
}
