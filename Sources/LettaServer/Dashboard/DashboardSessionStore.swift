import LettaAPI
import Storage

/// A row of table `dashboard_session`.
struct DashboardSessionRow: Codable, Sendable {
    /// A digest of the token: who reads the table can't use it.
    var id: String
    var createdAt: Timestamp
    var usedAt: Timestamp
}

/// Table `dashboard_session`.
enum DashboardSessionStore {
    static let table = Table<DashboardSessionRow>("dashboard_session")

    static func find(_ id: String, _ db: any SQLExecutor) throws -> DashboardSessionRow? {
        try db.row("SELECT \(table.columns) FROM dashboard_session WHERE id = \(id)").map(table.row)
    }

    static func use(_ id: String, at time: Timestamp, _ db: any SQLExecutor) throws {
        try db.execute("UPDATE dashboard_session SET used_at = \(time) WHERE id = \(id)")
    }

    static func delete(_ id: String, _ db: any SQLExecutor) throws {
        try db.execute("DELETE FROM dashboard_session WHERE id = \(id)")
    }

    static func deleteAll(_ db: Transaction) throws {
        try db.execute("DELETE FROM dashboard_session WHERE organization_id = \(db.organization)")
    }

    static func deleteEnded(createdBefore: Timestamp, usedBefore: Timestamp, _ db: any SQLExecutor) throws {
        try db.execute(
            "DELETE FROM dashboard_session WHERE created_at < \(createdBefore) OR used_at < \(usedBefore)")
    }
}
