import LettaAPI
import Storage

/// Table `run_event`: the events of background runs.
enum RunEventStore {
    /// Idempotent: a writer repeats a batch of which it does not know whether it is stored.
    static func insert(_ events: [RunEvent], of run: ID<Run>, at time: Timestamp, _ db: Transaction) throws {
        for event in events {
            try db.execute(
                """
                INSERT INTO run_event (organization_id, run_id, sequence, type, event, created_at)
                VALUES (\(db.organization), \(run), \(event.sequence), \(event.type), \(event.json), \(time))
                ON CONFLICT DO NOTHING
                """)
        }
    }

    static func events(of run: ID<Run>, after sequence: Int, limit: Int, _ db: Transaction) throws -> [RunEvent] {
        try db.rows(
            """
            SELECT sequence, type, event FROM run_event
            WHERE organization_id = \(db.organization) AND run_id = \(run) AND sequence > \(sequence)
            ORDER BY sequence LIMIT \(limit)
            """
        ).map { row in
            RunEvent(sequence: try row["sequence"], type: try row["type"], json: try row["event"])
        }
    }

    static func lastSequence(of run: ID<Run>, _ db: Transaction) throws -> Int {
        try db.value(
            "SELECT MAX(sequence) FROM run_event WHERE organization_id = \(db.organization) AND run_id = \(run)") ?? 0
    }

    /// Deletes up to `limit` events of any organization that are older than `time`.
    ///
    /// - Returns: the number of deleted events.
    static func deleteExpired(before time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> Int {
        try db.execute(
            """
            DELETE FROM run_event WHERE (organization_id, run_id, sequence) IN (
                SELECT organization_id, run_id, sequence FROM run_event
                WHERE organization_id IN (SELECT id FROM organization) AND created_at < \(time)
                    AND NOT EXISTS (
                        SELECT 1 FROM run WHERE run.organization_id = run_event.organization_id
                            AND run.id = run_event.run_id AND run.status IN ('created', 'running'))
                LIMIT \(limit) \(db.dialect.forUpdateSkipLocked))
            """)
    }

    /// Whether the last event of a run is stored.
    static func hasEnd(of run: ID<Run>, _ db: Transaction) throws -> Bool {
        try db.row(
            """
            SELECT 1 FROM run_event WHERE organization_id = \(db.organization) AND run_id = \(run)
                AND type IN ('usage_statistics', 'error_message')
            """) != nil
    }
}
