import LettaAPI
import Storage

/// Table `run_callback`: the callbacks that have not arrived yet. Those of unfinished runs have no time.
enum RunCallbackStore {
    struct Due: Sendable {
        let organization: String
        let run: ID<Run>
        /// How many times it was sent before.
        let attempts: Int
    }

    static func insert(_ run: Run, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO run_callback (organization_id, run_id, attempts, created_at)
            VALUES (\(db.organization), \(run.id), 0, \(run.createdAt))
            """)
    }

    static func setDue(_ run: ID<Run>, at time: Timestamp, attempts: Int, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE run_callback SET due_at = \(time), attempts = \(attempts)
            WHERE organization_id = \(db.organization) AND run_id = \(run)
            """)
    }

    static func delete(_ run: ID<Run>, _ db: Transaction) throws {
        try db.execute("DELETE FROM run_callback WHERE organization_id = \(db.organization) AND run_id = \(run)")
    }

    /// Makes the callbacks of all organizations due whose runs ended when the server stopped.
    static func setAllDue(at time: Timestamp, _ db: any SQLExecutor) throws {
        try db.execute("UPDATE run_callback SET due_at = \(time) WHERE due_at IS NULL")
    }

    /// The callbacks of all organizations that are due, the oldest first.
    static func due(at time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> [Due] {
        try db.rows(
            """
            SELECT organization_id, run_id, attempts FROM run_callback WHERE due_at <= \(time)
            ORDER BY due_at LIMIT \(limit)
            """
        ).map {
            Due(organization: try $0["organization_id"], run: try $0["run_id"], attempts: try $0["attempts"])
        }
    }

    /// When the next callback of any organization is due; nil for none.
    static func nextTime(_ db: any SQLExecutor) throws -> Timestamp? {
        try db.value("SELECT MIN(due_at) FROM run_callback")
    }
}
