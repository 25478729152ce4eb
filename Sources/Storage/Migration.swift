/// One numbered step from an older database to a newer one. Never edited once released.
package struct Migration: Sendable {
    package let number: Int
    package let name: String
    package let statements: @Sendable (Dialect) -> [SQLText]

    package init(number: Int, name: String, statements: @escaping @Sendable (Dialect) -> [SQLText]) {
        self.number = number
        self.name = name
        self.statements = statements
    }
}

/// Where a database stands among the migrations this program knows.
package struct MigrationStatus: Sendable, Hashable {
    /// The highest applied number; 0 for a new database.
    package let current: Int
    /// The highest number this program knows. `current` is larger when a newer program wrote the database.
    package let latest: Int
    /// Names of the migrations that are still to apply, in order.
    package let pending: [String]

    package init(current: Int, latest: Int, pending: [String]) {
        self.current = current
        self.latest = latest
        self.pending = pending
    }
}
