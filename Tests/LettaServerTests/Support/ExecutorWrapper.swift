import Storage

/// Runs the statements of a transaction on the executor beneath, and does something of its own with some.
protocol ExecutorWrapper: SQLExecutor {
    var base: any SQLExecutor { get }
}

extension ExecutorWrapper {
    var dialect: Dialect { base.dialect }

    func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] { try base.rows(sql) }

    func execute(_ sql: SQLText) throws(SQLFailure) -> Int { try base.execute(sql) }
}
