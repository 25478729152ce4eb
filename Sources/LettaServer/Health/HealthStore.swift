import Storage

/// The probe of the readiness check.
enum HealthStore {
    static func probe(_ db: any SQLExecutor) throws -> Int? {
        try db.value("SELECT 1")
    }
}
