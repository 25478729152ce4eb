import Storage

/// The cheapest question a database can be asked.
enum HealthStore {
    static func probe(_ db: any SQLExecutor) throws -> Int? {
        try db.value("SELECT 1")
    }
}
