import JSON
import LettaAPI
import Storage

/// Table `batch_item`: the items of batches, each of which becomes one run.
enum BatchStore {
    /// An item that waits for its turn.
    struct Waiting: Sendable {
        let organization: String
        let user: String
        let key: String?
        let id: ID<BatchItem>
        let batch: ID<Job>
        let agent: ID<AgentState>
        let request: RawJSON
        /// The run of an attempt that the end of the server stopped.
        let earlierRun: ID<Run>?
        let ahead: Ahead
    }

    /// What has become of an item's first request ahead of its turn.
    enum Ahead: Sendable {
        case notAsked
        case answered(GivenAnswer)
        /// The item asks by itself.
        case refused
    }

    /// How many items of a batch ended how.
    struct Counts: Sendable {
        var byStatus: [String: Int] = [:]

        var open: Int { ["created", "deferred", "running"].reduce(0) { $0 + (byStatus[$1] ?? 0) } }
        var total: Int { byStatus.values.reduce(0, +) }
    }

    static func insert(
        _ requests: [BatchRequest], of batch: ID<Job>, ids: IDSource, at time: Timestamp, _ db: Transaction
    ) throws {
        for rows in Array(requests.enumerated()).chunks(binding: 8) {
            let tuples = rows.map { position, request -> SQLText in
                """
                (\(db.organization), \(ids.next(BatchItem.self)), \(batch), \(position), \(request.agentID),
                    \(RawJSON(Stored(request.messages))), 'created', \(time))
                """
            }
            try db.execute(
                """
                INSERT INTO batch_item
                    (organization_id, id, batch_id, position, agent_id, request, status, created_at)
                VALUES \(SQLText.joined(tuples, separator: ", "))
                """)
        }
    }

    /// What is stored of an item's messages.
    private struct Stored: Encodable, JSONWritable {
        let messages: SendMessages

        init(_ messages: SendMessages) {
            self.messages = messages
        }

        func encode(to encoder: any Encoder) throws { try messages.encode(to: encoder) }
    }

    // MARK: The queue

    /// The oldest waiting item of all organizations whose agent is none of `busy` and has no item that waits for an answer:
    /// the items of an agent build on one another.
    static func next(besides busy: [ID<AgentState>], _ db: any SQLExecutor) throws -> Waiting? {
        let others: SQLText = busy.isEmpty ? "" : " AND batch_item.agent_id NOT IN (\(list: busy))"
        return try db.row(
            """
            SELECT batch_item.organization_id, batch_item.id, batch_item.batch_id, batch_item.agent_id,
                batch_item.request, batch_item.run_id, job.user_id, job.key_id,
                ahead.state, ahead.digest, ahead.answer, ahead.created_at AS said_at
            FROM batch_item JOIN job ON job.organization_id = batch_item.organization_id AND job.id = batch_item.batch_id
            LEFT JOIN deferred_request AS ahead ON ahead.organization_id = batch_item.organization_id
                AND ahead.item_id = batch_item.id
            WHERE batch_item.status = 'created'\(others)
                AND NOT EXISTS (
                    SELECT 1 FROM deferred_request AS other
                    WHERE other.organization_id = batch_item.organization_id AND other.agent_id = batch_item.agent_id
                        AND other.state IN ('waiting', 'sent'))
            ORDER BY batch_item.created_at, batch_item.batch_id, batch_item.position LIMIT 1
            """
        ).map { row in
            Waiting(
                organization: try row["organization_id"], user: try row["user_id"], key: try row["key_id"],
                id: try row["id"],
                batch: try row["batch_id"], agent: try row["agent_id"], request: try row["request"],
                earlierRun: try row["run_id"], ahead: try ahead(row))
        }
    }

    private static func ahead(_ row: SQLRow) throws -> Ahead {
        let (state, answer): (String?, RawJSON?) = (try row["state"], try row["answer"])
        guard state != nil else { return .notAsked }
        guard let answer else { return .refused }
        return .answered(
            GivenAnswer(digest: try row["digest"], document: answer, saidAt: try row["said_at"]))
    }

    /// Has an item wait for the answer of its provider's batch.
    ///
    /// - Returns: whether the item waited for its turn until now.
    static func putOff(_ item: ID<BatchItem>, _ db: Transaction) throws -> Bool {
        try db.execute(
            """
            UPDATE batch_item SET status = 'deferred'
            WHERE organization_id = \(db.organization) AND id = \(item) AND status = 'created'
            """) > 0
    }

    /// Puts items in the queue whose provider has answered, or will not.
    static func takeUp(_ items: [ID<BatchItem>], _ db: Transaction) throws {
        for items in items.chunks() {
            try db.execute(
                """
                UPDATE batch_item SET status = 'created'
                WHERE organization_id = \(db.organization) AND id IN (\(list: items)) AND status = 'deferred'
                """)
        }
    }

    /// - Returns: whether the item waited until now.
    static func begin(_ item: ID<BatchItem>, as run: ID<Run>, _ db: Transaction) throws -> Bool {
        try db.execute(
            """
            UPDATE batch_item SET status = 'running', run_id = \(run)
            WHERE organization_id = \(db.organization) AND id = \(item) AND status = 'created'
            """) > 0
    }

    /// Stores how an item ended. One that was at work when its batch was cancelled may have ended otherwise.
    static func end(_ item: ID<BatchItem>, _ status: RunStatus, because error: String?, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE batch_item SET status = \(status.rawValue), error = \(error)
            WHERE organization_id = \(db.organization) AND id = \(item)
                AND (status IN ('created', 'running') OR status = 'cancelled' AND run_id IS NOT NULL)
            """)
        try DeferredRequestStore.delete(item, db)
    }

    /// Cancels the items that have not ended.
    ///
    /// - Returns: the runs of those at work.
    static func cancel(_ batch: ID<Job>, _ db: Transaction) throws -> [ID<Run>] {
        let runs: [ID<Run>] = try db.rows(
            """
            SELECT run_id FROM batch_item
            WHERE organization_id = \(db.organization) AND batch_id = \(batch) AND status = 'running'
                AND run_id IS NOT NULL
            """
        ).map { try $0["run_id"] }
        try db.execute(
            """
            UPDATE batch_item SET status = 'cancelled'
            WHERE organization_id = \(db.organization) AND batch_id = \(batch)
                AND status IN ('created', 'deferred', 'running')
            """)
        try DeferredRequestStore.delete(of: batch, db)
        return runs
    }

    /// Why items failed, the first `limit` of them in their order.
    static func failures(of batch: ID<Job>, limit: Int, _ db: Transaction) throws -> [JSONValue] {
        try db.rows(
            """
            SELECT position, agent_id, run_id, error FROM batch_item
            WHERE organization_id = \(db.organization) AND batch_id = \(batch) AND status = 'failed'
            ORDER BY position LIMIT \(limit)
            """
        ).map { row in
            let (position, agent): (Int, String) = (try row["position"], try row["agent_id"])
            let (run, error): (String?, String?) = (try row["run_id"], try row["error"])
            return [
                "request": .int(Int64(position)), "agent_id": .string(agent),
                "run_id": run.map { .string($0) } ?? .null,
                "error": .string(error ?? "The run failed."),
            ]
        }
    }

    static func counts(_ batch: ID<Job>, _ db: Transaction) throws -> Counts {
        try counts(of: [batch], db)[batch] ?? Counts()
    }

    /// Nothing of a batch without items.
    static func counts(of batches: [ID<Job>], _ db: Transaction) throws -> [ID<Job>: Counts] {
        var counts: [ID<Job>: Counts] = [:]
        let rows = try batches.inStatements { batches in
            try db.rows(
                """
                SELECT batch_id, status, COUNT(*) AS items FROM batch_item
                WHERE organization_id = \(db.organization) AND batch_id IN (\(list: batches)) GROUP BY batch_id, status
                """)
        }
        for row in rows {
            counts[try row["batch_id"], default: Counts()].byStatus[try row["status"]] = try row["items"]
        }
        return counts
    }

    /// The batches of all organizations that have not ended and have no open item.
    static func unfinished(_ db: any SQLExecutor) throws -> [(organization: String, batch: ID<Job>)] {
        try db.rows(
            """
            SELECT organization_id, id FROM job
            WHERE job_type = 'batch' AND status IN ('created', 'pending', 'running')
                AND EXISTS (
                    SELECT 1 FROM batch_item AS item
                    WHERE item.organization_id = job.organization_id AND item.batch_id = job.id)
                AND NOT EXISTS (
                    SELECT 1 FROM batch_item AS item
                    WHERE item.organization_id = job.organization_id AND item.batch_id = job.id
                        AND item.status IN ('created', 'deferred', 'running'))
            """
        ).map { (try $0["organization_id"], try $0["id"]) }
    }

    /// Puts the items back in the queue whose runs had not begun when the server stopped or which its end cancelled, and ends
    /// the others that were at work. For the start of a server, when no run is at work.
    static func recover(_ db: any SQLExecutor) throws {
        // A turn begins by storing its messages.
        try db.execute(
            """
            DELETE FROM run WHERE (organization_id, id) IN (
                SELECT item.organization_id, item.run_id FROM batch_item AS item WHERE item.status = 'running')
                AND NOT EXISTS (
                    SELECT 1 FROM message
                    WHERE message.organization_id = run.organization_id AND message.run_id = run.id)
            """)
        try db.execute(
            """
            UPDATE batch_item SET status = 'created', run_id = NULL
            WHERE status = 'running' AND NOT EXISTS (
                SELECT 1 FROM run WHERE run.organization_id = batch_item.organization_id AND run.id = batch_item.run_id)
            """)
        // Somebody who cancels a run has its item ended at once. The next attempt goes on with the messages of this run.
        try db.execute(
            """
            UPDATE batch_item SET status = 'created'
            WHERE status = 'running'
                AND EXISTS (
                    SELECT 1 FROM run
                    WHERE run.organization_id = batch_item.organization_id AND run.id = batch_item.run_id
                        AND run.status = 'cancelled')
                AND EXISTS (
                    SELECT 1 FROM job
                    WHERE job.organization_id = batch_item.organization_id AND job.id = batch_item.batch_id
                        AND job.status IN ('created', 'pending', 'running'))
            """)
        try db.execute(
            """
            DELETE FROM deferred_request WHERE (organization_id, item_id) IN (
                SELECT organization_id, id FROM batch_item WHERE status = 'running')
            """)
        try db.execute(
            """
            UPDATE batch_item SET status = (
                SELECT run.status FROM run
                WHERE run.organization_id = batch_item.organization_id AND run.id = batch_item.run_id)
            WHERE status = 'running'
            """)
    }

    // MARK: Lists

    static func page(_ query: ListBatches, _ db: Transaction) throws -> Page<Job> {
        try db.page(JobStore.table, query, defaultLimit: 100, where: ["job_type = 'batch'"]).map(\.job)
    }

    /// What the agents of a batch said, by time.
    static func messages(
        of batch: ID<Job>, by agent: String?, _ request: PageRequest, _ db: Transaction
    ) throws -> Page<Message> {
        let key: [SQLText] = ["created_at", "id"]
        let keyset = Keyset(
            columns: key.map { "message.\($0)" }, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: "message", db),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: "message", db))
        let isWanted: SQLText = agent.map { " AND message.agent_id = \($0)" } ?? ""
        let rows = try db.rows(
            """
            SELECT \(MessageRow.columns), batch_item.id AS batch_item_id FROM batch_item
            JOIN message ON message.organization_id = batch_item.organization_id
                AND message.run_id = batch_item.run_id
            WHERE batch_item.organization_id = \(db.organization) AND batch_item.batch_id = \(batch)
                AND message.role IN ('assistant', 'tool')\(isWanted)\(keyset.conditions)\(keyset.ending)
            """)
        return try keyset.page(rows) { try $0["id"] }.map { row in
            let stored = try MessageRow(row)
            var message = try stored.wire()
            message.batchItemID = try row["batch_item_id"]
            return message
        }
    }
}
