import LettaAPI
import Storage

/// An event of a background run, ready to be sent to whoever follows it.
struct StoredRunEvent: Sendable {
    /// Its place in the run's log, from 1.
    var sequence: Int
    /// The `message_type`.
    var type: String
    /// The event as JSON.
    var text: String
}

/// Table `run_event`.
enum RunEventStore {
    static func insert(_ events: [StoredRunEvent], of run: ID<Run>, at time: Timestamp, _ db: Transaction) throws {
        for event in events {
            try db.execute(
                """
                INSERT INTO run_event (organization_id, run_id, sequence, type, event, created_at)
                VALUES (\(db.organization), \(run), \(event.sequence), \(event.type), \(event.text), \(time))
                """)
        }
    }

    static func events(of run: ID<Run>, after sequence: Int, limit: Int, _ db: Transaction) throws -> [StoredRunEvent] {
        try db.rows(
            """
            SELECT sequence, type, event FROM run_event
            WHERE organization_id = \(db.organization) AND run_id = \(run) AND sequence > \(sequence)
            ORDER BY sequence LIMIT \(limit)
            """
        ).map { row in
            StoredRunEvent(sequence: try row["sequence"], type: try row["type"], text: try row["event"])
        }
    }

    static func delete(before time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM run_event WHERE organization_id = \(db.organization) AND created_at < \(time)")
    }
}
