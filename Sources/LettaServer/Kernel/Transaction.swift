import Storage

/// An open transaction on behalf of one scope. Stores take it and read the organization from it, so that no caller can
/// pass another one.
struct Transaction: SQLExecutor {
    let scope: Scope
    private let executor: any SQLExecutor

    init(_ executor: any SQLExecutor, as scope: Scope) {
        self.executor = executor
        self.scope = scope
    }

    var organization: String { scope.organization }
    var user: String { scope.user }
    var project: String? { scope.project }

    var dialect: Dialect { executor.dialect }

    func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] { try executor.rows(sql) }

    @discardableResult
    func execute(_ sql: SQLText) throws(SQLFailure) -> Int { try executor.execute(sql) }
}

extension StorageEngine {
    /// Runs `body` in a read transaction, which sees one snapshot of the database.
    func read<T: Sendable>(
        as scope: Scope, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        try await read { try body(Transaction($0, as: scope)) }
    }

    /// Runs `body` in a write transaction, which is rolled back when `body` throws and durable when this returns.
    /// `body` must have no side effects outside the database: it may run more than once.
    @discardableResult
    func write<T: Sendable>(
        as scope: Scope, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        try await write { try body(Transaction($0, as: scope)) }
    }

    /// Deletes many rows in transactions of a few, so that other writes come in between. Where the server ends meanwhile,
    /// what is left stays until it is deleted again.
    ///
    /// - Parameter body: deletes up to so many rows, and returns how many.
    func deleteInPieces(
        as scope: Scope, _ body: @escaping @Sendable (Transaction, _ limit: Int) throws -> Int
    ) async throws {
        let limit = 500
        while try await write(as: scope, { try body($0, limit) }) == limit {}
    }
}
