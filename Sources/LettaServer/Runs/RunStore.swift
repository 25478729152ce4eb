import JSON
import LettaAPI
import Storage

/// Table `run`.
enum RunStore {
    private static let columns: SQLText = """
        id, agent_id, status, stop_reason, background, metadata, request_config, time_to_first_token_ns,
        total_duration_ns, created_at, completed_at, callback_url, callback_sent_at, callback_status_code,
        callback_error
        """
    private static let key: [SQLText] = ["created_at", "id"]

    static func insert(_ run: Run, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO run (
                organization_id, id, agent_id, status, stop_reason, background, metadata, request_config,
                time_to_first_token_ns, total_duration_ns, created_at, updated_at, completed_at, callback_url)
            VALUES (
                \(db.organization), \(run.id), \(run.agentID), \(run.status.rawValue),
                \(run.stopReason?.rawValue), \(run.background), \(run.metadata), \(run.requestConfig),
                \(run.timeToFirstToken), \(run.totalDuration), \(run.createdAt), \(run.createdAt),
                \(run.completedAt), \(run.callbackURL))
            """)
    }

    static func update(_ run: Run, at time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE run SET
                status = \(run.status.rawValue), stop_reason = \(run.stopReason?.rawValue),
                metadata = \(run.metadata), time_to_first_token_ns = \(run.timeToFirstToken),
                total_duration_ns = \(run.totalDuration), completed_at = \(run.completedAt), updated_at = \(time)
            WHERE organization_id = \(db.organization) AND id = \(run.id)
            """)
    }

    /// Stores the outcome of a callback.
    static func setCallback(_ id: ID<Run>, sentAt: Timestamp?, status: Int?, error: String?, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE run SET callback_sent_at = \(sentAt), callback_status_code = \(status), callback_error = \(error)
            WHERE organization_id = \(db.organization) AND id = \(id)
            """)
    }

    static func delete(_ run: Run, _ db: Transaction) throws {
        try DeletedKeyStore.note("step", where: "run_id = \(run.id)", db)
        try DeletedKeyStore.note(run.id.rawValue, createdAt: run.createdAt, updatedAt: run.createdAt, db)
        try db.execute("DELETE FROM run WHERE organization_id = \(db.organization) AND id = \(run.id)")
    }

    static func run(_ id: ID<Run>, _ db: Transaction) throws -> Run? {
        try db.row(
            "SELECT \(columns) FROM run WHERE organization_id = \(db.organization) AND id = \(id)"
        ).map(run)
    }

    static func page(_ request: PageRequest, matching filter: ListRuns, _ db: Transaction) throws -> [Run] {
        let keyset = Keyset(
            columns: key, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: "run", db),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: "run", db))
        let rows = try db.rows(
            "SELECT \(columns) FROM run WHERE \(conditions(filter, db))\(keyset.conditions)\(keyset.ending)")
        return keyset.page(try rows.map(run)).items
    }

    /// Ends the runs of all organizations that a server left unfinished.
    ///
    /// - Returns: the runs with their organizations.
    static func failUnfinished(at time: Timestamp, _ db: any SQLExecutor) throws -> [(organization: String, run: Run)] {
        try db.rows(
            """
            UPDATE run SET status = 'failed', stop_reason = 'error', completed_at = \(time), updated_at = \(time)
            WHERE organization_id IN (SELECT id FROM organization) AND status IN ('created', 'running')
            RETURNING organization_id, \(columns)
            """
        ).map { (try $0["organization_id"], try run($0)) }
    }

    /// The background runs created after `time`, of all organizations, whose stored events lack the end.
    static func withoutLastEvent(
        createdAfter time: Timestamp, _ db: any SQLExecutor
    ) throws -> [(organization: String, run: Run)] {
        try db.rows(
            """
            SELECT organization_id, \(columns) FROM run
            WHERE organization_id IN (SELECT id FROM organization) AND created_at > \(time) AND background
                AND NOT EXISTS (
                    SELECT 1 FROM run_event
                    WHERE run_event.organization_id = run.organization_id AND run_event.run_id = run.id
                        AND run_event.type IN ('usage_statistics', 'error_message'))
            """
        ).map { (try $0["organization_id"], try run($0)) }
    }

    private static func conditions(_ filter: ListRuns, _ db: Transaction) -> SQLText {
        var all: [SQLText] = ["organization_id = \(db.organization)"]
        let agents = (filter.agentIDs ?? []) + (filter.agentID.map { [$0] } ?? [])
        if !agents.isEmpty { all.append("agent_id IN (\(list: agents))") }
        if let statuses = filter.statuses, !statuses.isEmpty {
            all.append("status IN (\(list: statuses.map(\.rawValue)))")
        }
        if filter.active == true { all.append("status IN ('created', 'running')") }
        if let background = filter.background { all.append(background ? "background" : "NOT background") }
        if let reason = filter.stopReason { all.append("stop_reason = \(reason.rawValue)") }
        return .joined(all, separator: " AND ")
    }

    private static func run(_ row: SQLRow) throws -> Run {
        guard let status = RunStatus(rawValue: try row["status"]) else {
            throw SQLFailure(.decoding, "unknown status of a run")
        }
        var run = Run(
            id: try row["id"], agentID: try row["agent_id"], status: status, createdAt: try row["created_at"])
        let reason: String? = try row["stop_reason"]
        run.stopReason = reason.flatMap(StopReason.init(rawValue:))
        run.background = try row["background"]
        run.metadata = try row["metadata"]
        run.requestConfig = try row["request_config"]
        run.timeToFirstToken = try row["time_to_first_token_ns"]
        run.totalDuration = try row["total_duration_ns"]
        run.completedAt = try row["completed_at"]
        run.callbackURL = try row["callback_url"]
        run.callbackSentAt = try row["callback_sent_at"]
        run.callbackStatusCode = try row["callback_status_code"]
        run.callbackError = try row["callback_error"]
        return run
    }
}
