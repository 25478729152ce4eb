import JSON
import LettaAPI
import Storage

/// A batch of a provider.
enum ModelBatch: Resource {
    static let idPrefix = "modelbatch"
}

/// A row of table `model_batch`.
struct ModelBatchRow: Codable, Sendable {
    enum State: String, Codable, Sendable, CaseIterable {
        /// The provider may or may not have it.
        case sending
        case sent
        case ended
    }

    var id: ID<ModelBatch>
    /// The batch of this server whose items are in it.
    var batchID: ID<Job>
    /// In whose name the provider is called.
    var userID: String
    /// That of one of the items: how to find the provider.
    var config: Document<LLMConfig>
    var state: State
    var requestCount: Int
    /// The provider's id; nil until it has responded.
    var externalID: String?
    /// Whether the provider's batch can be no other one. Only then it is cancelled.
    var isCertain: Bool
    /// How often it was submitted or, once that has succeeded, asked for.
    var attempts: Int
    var dueAt: Timestamp
    /// Why its requests were not answered, or are not yet.
    var error: String?
    var createdAt: Timestamp
}

/// Table `model_batch`: what was submitted to providers, or is about to be.
enum ModelBatchStore {
    static let table = Table<ModelBatchRow>("model_batch")

    /// A batch with the organization it belongs to.
    struct Due: Sendable {
        let organization: String
        let row: ModelBatchRow
    }

    /// The batches of all organizations to look after now, the oldest first.
    static func due(at time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> [Due] {
        try db.rows(
            """
            SELECT organization_id, \(table.columns) FROM model_batch
            WHERE state IN ('sending', 'sent') AND due_at <= \(time) ORDER BY due_at LIMIT \(limit)
            """
        ).map { Due(organization: try $0["organization_id"], row: try table.row($0)) }
    }

    static func nextTime(_ db: any SQLExecutor) throws -> Timestamp? {
        try db.value("SELECT MIN(due_at) FROM model_batch WHERE state IN ('sending', 'sent')")
    }

    /// Changes a batch that is still in the state in which it was read.
    ///
    /// - Returns: whether it is.
    @discardableResult
    static func update(_ row: ModelBatchRow, from old: ModelBatchRow, _ db: Transaction) throws -> Bool {
        guard let now = try db.fetch(table, row.id, locking: true), now.state == old.state,
            now.externalID == old.externalID
        else { return false }
        return try db.update(row, in: table)
    }

    /// Has the batches of providers looked after at once.
    static func setDue(of batch: ID<Job>, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE model_batch SET due_at = 0
            WHERE organization_id = \(db.organization) AND batch_id = \(batch) AND state IN ('sending', 'sent')
            """)
    }

    /// The providers' ids of the newer batches, among which a lost one is not.
    static func externalIDs(since time: Timestamp, _ db: Transaction) throws -> Set<String> {
        Set(
            try db.rows(
                """
                SELECT external_id FROM model_batch
                WHERE organization_id = \(db.organization) AND created_at >= \(time) AND external_id IS NOT NULL
                """
            ).map { try $0["external_id"] })
    }

    /// Whether a provider is at work on other batches; those that wait for room say so in their error.
    static func hasOthers(besides batch: ID<ModelBatch>, _ db: Transaction) throws -> Bool {
        try db.row(
            """
            SELECT 1 AS found FROM model_batch
            WHERE organization_id = \(db.organization) AND state IN ('sending', 'sent') AND id <> \(batch)
                AND error IS NULL
            LIMIT 1
            """) != nil
    }

    /// Deletes the records of batches that have ended, once they say nothing any more.
    static func deleteEnded(before time: Timestamp, _ db: any SQLExecutor) throws {
        try db.execute("DELETE FROM model_batch WHERE created_at < \(time) AND state = 'ended'")
    }
}
