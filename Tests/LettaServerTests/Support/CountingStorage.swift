import Storage

/// Counts the statements that reach a database, and the rows that it returns.
struct CountingStorage: StorageWrapper {
    let base: any StorageEngine
    let statements: Counter
    var rows = Counter()

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.read { [statements, rows] db in
            try body(Counting(base: db, statements: statements, returned: rows))
        }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.write { [statements, rows] db in
            try body(Counting(base: db, statements: statements, returned: rows))
        }
    }

    private struct Counting: ExecutorWrapper {
        let base: any SQLExecutor
        let statements: Counter
        let returned: Counter

        func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
            statements.next()
            let rows = try base.rows(sql)
            for _ in rows { returned.next() }
            return rows
        }

        func execute(_ sql: SQLText) throws(SQLFailure) -> Int {
            statements.next()
            return try base.execute(sql)
        }
    }
}
