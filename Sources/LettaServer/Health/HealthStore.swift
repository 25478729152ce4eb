import LettaAPI
import Storage

/// The probe of the readiness check: one row of table `server_setting`.
enum HealthStore {
    /// Writes, because a database may refuse writes when it is asked to commit one and not before.
    static func probe(at time: Timestamp, _ db: any SQLExecutor) throws {
        try db.execute(
            """
            INSERT INTO server_setting (name, value) VALUES ('readiness probe', \("\(time.microseconds)"))
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """)
    }
}
