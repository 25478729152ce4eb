import Storage

/// Counts the statements that reach a database.
struct CountingStorage: StorageWrapper {
    let base: any StorageEngine
    let statements: Counter

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.read { [statements] db in try body(Counting(base: db, statements: statements)) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.write { [statements] db in
            try body(Counting(base: db, statements: statements))
        }
    }

    private struct Counting: ExecutorWrapper {
        let base: any SQLExecutor
        let statements: Counter

        func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
            statements.next()
            return try base.rows(sql)
        }

        func execute(_ sql: SQLText) throws(SQLFailure) -> Int {
            statements.next()
            return try base.execute(sql)
        }
    }
}
