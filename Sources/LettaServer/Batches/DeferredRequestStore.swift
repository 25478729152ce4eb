import JSON
import LettaAPI
import ModelProviders
import Storage

/// Table `deferred_request`: the first requests of items that providers answer in batches, from `waiting` over `sent` to
/// `answered`, or to `refused` when the item is to ask by itself.
enum DeferredRequestStore {
    struct New: Sendable {
        let item: ID<BatchItem>
        let batch: ID<Job>
        let agent: ID<AgentState>
        /// Requests to one service can be in one batch.
        let service: String
        let config: Document<LLMConfig>
        let body: [UInt8]
        let digest: String
    }

    /// Requests of one batch to one service that wait.
    struct Group: Sendable {
        let organization: String
        let batch: ID<Job>
        let service: String
        let count: Int
        let size: Int
        let oldest: Timestamp
        /// Whether items of the batch are about to add to them.
        let grows: Bool
    }

    /// The groups that are looked at in one step.
    private static let groupLimit = 64

    static func insert(_ new: New, at time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO deferred_request
                (organization_id, item_id, batch_id, agent_id, service, config, state, digest, size, body, created_at)
            VALUES (\(db.organization), \(new.item), \(new.batch), \(new.agent), \(new.service), \(new.config),
                'waiting', \(new.digest), \(new.body.count), \(String(decoding: new.body, as: UTF8.self)), \(time))
            """)
    }

    /// The groups of all organizations.
    static func waiting(_ db: any SQLExecutor) throws -> [Group] {
        try db.rows(
            """
            SELECT deferred_request.organization_id, deferred_request.batch_id, deferred_request.service,
                COUNT(*) AS requests, CAST(SUM(deferred_request.size) AS BIGINT) AS bytes,
                MIN(deferred_request.created_at) AS oldest,
                EXISTS (
                    SELECT 1 FROM job JOIN batch_item ON batch_item.status = 'created'
                        AND batch_item.created_at = job.created_at AND batch_item.batch_id = job.id
                        AND batch_item.organization_id = job.organization_id
                    WHERE job.organization_id = deferred_request.organization_id AND job.id = deferred_request.batch_id
                        AND NOT EXISTS (
                            SELECT 1 FROM deferred_request AS own
                            WHERE own.organization_id = batch_item.organization_id AND own.item_id = batch_item.id)
                        AND NOT EXISTS (
                            SELECT 1 FROM deferred_request AS other
                            WHERE other.organization_id = batch_item.organization_id
                                AND other.agent_id = batch_item.agent_id AND other.state IN ('waiting', 'sent'))
                ) AS grows
            FROM deferred_request WHERE deferred_request.state = 'waiting'
            GROUP BY deferred_request.organization_id, deferred_request.batch_id, deferred_request.service
            LIMIT \(groupLimit)
            """
        ).map { row in
            Group(
                organization: try row["organization_id"], batch: try row["batch_id"], service: try row["service"],
                count: try row["requests"], size: try row["bytes"], oldest: try row["oldest"],
                grows: try row["grows"])
        }
    }

    /// Gives the oldest requests of a group to a batch of the provider, as many as fit.
    ///
    /// - Returns: their number and their configuration; nil when none waits any more.
    static func assign(
        _ group: Group, to batch: ID<ModelBatch>, count: Int, size: Int, _ db: Transaction
    ) throws -> (count: Int, config: RawJSON)? {
        let rows = try db.rows(
            """
            SELECT item_id, size, config FROM deferred_request
            WHERE organization_id = \(db.organization) AND batch_id = \(group.batch) AND service = \(group.service)
                AND state = 'waiting'
            ORDER BY created_at LIMIT \(count)
            """)
        var (items, total): ([ID<BatchItem>], Int) = ([], 0)
        for row in rows {
            total += try row["size"]
            guard items.isEmpty || total <= size else { break }
            items.append(try row["item_id"])
        }
        guard let first = rows.first else { return nil }
        try db.execute(
            """
            UPDATE deferred_request SET state = 'sent', model_batch_id = \(batch)
            WHERE organization_id = \(db.organization) AND item_id IN (\(list: items))
            """)
        return (items.count, try first["config"])
    }

    /// The requests of a batch that wait for it.
    static func requests(of batch: ID<ModelBatch>, _ db: Transaction) throws -> [BatchedRequest] {
        try db.rows(
            """
            SELECT item_id, body FROM deferred_request
            WHERE organization_id = \(db.organization) AND model_batch_id = \(batch) AND state = 'sent'
                AND body IS NOT NULL
            ORDER BY item_id
            """
        ).map { row in
            let body: String = try row["body"]
            return BatchedRequest(id: try row["item_id"], body: Array(body.utf8))
        }
    }

    static func hasOpen(of batch: ID<ModelBatch>, _ db: Transaction) throws -> Bool {
        try db.row(
            """
            SELECT 1 AS found FROM deferred_request
            WHERE organization_id = \(db.organization) AND model_batch_id = \(batch) AND state = 'sent' LIMIT 1
            """) != nil
    }

    /// Forgets what was submitted; the digests stay.
    static func dropBodies(of batch: ID<ModelBatch>, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE deferred_request SET body = NULL
            WHERE organization_id = \(db.organization) AND model_batch_id = \(batch)
            """)
    }

    /// Stores an answer, whose item can begin its turn. One that does not wait for the batch gets none.
    static func answer(
        _ item: ID<BatchItem>, _ answer: RawJSON, of batch: ID<ModelBatch>, _ db: Transaction
    ) throws {
        let isOpen =
            try db.execute(
                """
                UPDATE deferred_request SET state = 'answered', answer = \(answer), body = NULL
                WHERE organization_id = \(db.organization) AND item_id = \(item) AND model_batch_id = \(batch)
                    AND state = 'sent'
                """) > 0
        if isOpen { try BatchStore.takeUp([item], db) }
    }

    /// Lets the items without an answer ask by themselves.
    ///
    /// - Returns: how many there are.
    static func release(of batch: ID<ModelBatch>, _ db: Transaction) throws -> Int {
        let items: [ID<BatchItem>] = try db.rows(
            """
            UPDATE deferred_request SET state = 'refused', body = NULL
            WHERE organization_id = \(db.organization) AND model_batch_id = \(batch) AND state = 'sent'
            RETURNING item_id
            """
        ).map { try $0["item_id"] }
        try BatchStore.takeUp(items, db)
        return items.count
    }

    /// Deletes what was stored for an item that has ended.
    static func delete(_ item: ID<BatchItem>, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM deferred_request WHERE organization_id = \(db.organization) AND item_id = \(item)")
    }

    /// Deletes what was stored for a batch that was cancelled, so that those of its providers are cancelled at once.
    static func delete(of batch: ID<Job>, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM deferred_request WHERE organization_id = \(db.organization) AND batch_id = \(batch)")
        try ModelBatchStore.setDue(of: batch, db)
    }
}
