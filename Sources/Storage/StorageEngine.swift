/// Runs statements inside one open transaction, on the thread that owns the connection.
///
/// After a statement has failed the transaction can only be rolled back, on both engines: later statements throw the same
/// failure, and so does the transaction even when its body catches it.
package protocol SQLExecutor {
    var dialect: Dialect { get }

    func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow]

    /// Returns how many rows the statement itself inserted, updated or deleted; cascades do not count.
    @discardableResult
    func execute(_ sql: SQLText) throws(SQLFailure) -> Int
}

extension SQLExecutor {
    /// The first row, if there is one.
    package func row(_ sql: SQLText) throws(SQLFailure) -> SQLRow? {
        try rows(sql).first
    }

    /// The first column of the first row; `nil` when there is no row or it holds NULL.
    package func value<T: SQLReadable>(_ sql: SQLText) throws(SQLFailure) -> T? {
        guard let value = try row(sql)?.first, value != .null else { return nil }
        return try T(sqlValue: value)
    }
}

/// A database of either kind. Bodies run on threads of the engine's own, so they may block.
package protocol StorageEngine: Sendable {
    var dialect: Dialect { get }

    /// Runs `body` in one read transaction that sees a snapshot of the database.
    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T

    /// Runs `body` in one write transaction, which is rolled back when `body` throws. When this returns, the transaction
    /// is durable: it survives a loss of power. `body` must have no side effects outside the database, because it may run
    /// more than once (serialization failures, group commit).
    ///
    /// - Throws: `.outcomeUnknown` when the transaction may or may not be stored; after any other failure it is not.
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T

    /// Writes a consistent copy to a new file while others go on reading and writing.
    func backup(to path: String) async throws

    /// Waits for running and queued transactions, then closes the connections. Later calls throw `.unavailable`.
    func close() async
}

/// A database that several servers may use at the same time.
package protocol SharedStorageEngine: StorageEngine {
    /// Holds a named lock until ``StorageEngine/close()``, so that others can tell whether this process is there, and listens
    /// to what they say to that name (`NOTIFY`). What is said while the connection is lost is not heard.
    ///
    /// - Parameter hear: gets each text, and nil when the connection was lost and is back. It must not block.
    /// - Throws: `.busy` when another process has it.
    func holdLock(_ name: String, hearing hear: @escaping @Sendable (String?) -> Void) async throws

    /// What every write transaction does before anything else. When it throws, nothing is written.
    func setFence(_ fence: @escaping @Sendable (any SQLExecutor) throws -> Void)
}
