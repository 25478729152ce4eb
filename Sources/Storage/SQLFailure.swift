/// An error of a database, in terms that do not depend on the engine.
package struct SQLFailure: Error, Sendable {
    package enum Kind: Sendable, Hashable {
        /// Carries what PostgreSQL calls the constraint, or SQLite's list such as `agent.id, agent.name`.
        case uniqueViolation(String)
        case foreignKeyViolation
        /// A `CHECK` or `NOT NULL` rule of the table.
        case checkViolation
        /// The database can not serve now: disk full, read-only, damaged, connection lost, starting up, no
        /// connection free.
        case unavailable
        /// The commit failed in a way that does not tell whether the transaction is stored.
        case outcomeUnknown
        /// Another transaction held the lock for too long.
        case busy
        /// The statement ran longer than it may.
        case timedOut
        /// The task that waited for the result was cancelled.
        case cancelled
        case unsupported
        /// The database was written by a newer version of this program.
        case newerSchema
        /// A value can not be stored or read as the type that was asked for.
        case decoding
        case other
    }

    package var kind: Kind
    /// For logs only: never shown to the caller of the API.
    package var message: String
    /// The statement with its placeholders, without values.
    package var sql: String?

    package init(_ kind: Kind, _ message: String, sql: String? = nil) {
        self.kind = kind
        self.message = message
        self.sql = sql
    }
}

extension SQLFailure {
    /// Whether the same transaction may succeed later, when the database serves again.
    package var isTransient: Bool {
        switch kind {
        case .unavailable, .outcomeUnknown, .busy, .timedOut, .cancelled: true
        case .uniqueViolation, .foreignKeyViolation, .checkViolation, .unsupported, .newerSchema, .decoding, .other:
            false
        }
    }
}

extension SQLFailure: CustomStringConvertible {
    package var description: String {
        "\(kind): \(message)" + (sql.map { " in: \($0)" } ?? "")
    }
}
