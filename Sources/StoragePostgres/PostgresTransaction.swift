import Storage

extension PostgresConnection {
    /// How often a transaction is run that fails because of others (serialization failure, deadlock).
    private static var attempts: Int { 4 }

    /// Runs `body` in one transaction, again after a serialization failure or a deadlock. A cancellation of `interruption`
    /// stops the statement that runs, but never a commit.
    func transaction<T>(
        readOnly: Bool, _ interruption: Interruption, _ body: (any SQLExecutor) throws -> T
    ) throws -> T {
        try open()
        guard let wakePipe else { throw SQLFailure(.unavailable, "the connection is closed") }
        // Afterwards, when nobody can write any more: what is left would wake the next transaction.
        defer { wakePipe.drain() }
        return try interruption.whileListening(wake: { wakePipe.wake() }) {
            try repeatedly(readOnly: readOnly, interruption, body)
        }
    }

    private func repeatedly<T>(
        readOnly: Bool, _ interruption: Interruption, _ body: (any SQLExecutor) throws -> T
    ) throws -> T {
        let begin =
            readOnly
            ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        var attempt = 1
        while true {
            let executor = PostgresExecutor(self, interruption)
            do throws(PostgresError) {
                try self.begin(begin)
            } catch {
                throw error.failure
            }
            do {
                let result = try body(executor)
                // The server would answer COMMIT with a rollback and call it a success.
                if let error = executor.error { throw error.failure }
                try executor.commit(readOnly: readOnly)
                return result
            } catch {
                rollback()
                let isWorthAnotherTry = executor.error?.isWorthAnotherTry ?? false
                guard isWorthAnotherTry, attempt < Self.attempts, !interruption.isCancelled else { throw error }
                attempt += 1
            }
        }
    }

    /// A connection that broke while it was idle fails here, before anything has happened: it is made again.
    private func begin(_ sql: String) throws(PostgresError) {
        let mayBeStale = isOpen
        do throws(PostgresError) {
            _ = try run(sql)
        } catch {
            guard mayBeStale, !isOpen else { throw error }
            _ = try run(sql)
        }
    }
}

/// Runs a transaction's statements on its connection.
final class PostgresExecutor: SQLExecutor {
    private let connection: PostgresConnection
    private let interruption: Interruption
    /// The first failure: the server refuses everything after it.
    private(set) var error: PostgresError?

    init(_ connection: PostgresConnection, _ interruption: Interruption) {
        self.connection = connection
        self.interruption = interruption
    }

    var dialect: Dialect { .postgres }

    func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
        let result = try run(sql)
        do throws(SQLFailure) {
            return try result.rows()
        } catch {
            self.error = PostgresError(error)
            throw error
        }
    }

    func execute(_ sql: SQLText) throws(SQLFailure) -> Int {
        try run(sql).changes
    }

    func commit(readOnly: Bool) throws(SQLFailure) {
        try keepingError { () throws(PostgresError) in
            do throws(PostgresError) {
                _ = try connection.run("COMMIT")
            } catch {
                guard !readOnly, error.endsConnection else { throw error }
                // The server may have committed before the connection broke.
                throw PostgresError(SQLFailure(.outcomeUnknown, error.failure.message, sql: error.failure.sql))
            }
        }
    }

    private func run(_ sql: SQLText) throws(SQLFailure) -> PostgresResult {
        if let error { throw error.failure }
        let text = sql.numbered
        return try keepingError { () throws(PostgresError) in
            if interruption.isCancelled {
                throw PostgresError(SQLFailure(.cancelled, "cancelled before the statement", sql: text))
            }
            return try connection.query(text, sql.binds, interruption)
        }
    }

    private func keepingError<T: ~Copyable>(_ body: () throws(PostgresError) -> T) throws(SQLFailure) -> T {
        do throws(PostgresError) {
            return try body()
        } catch {
            self.error = error
            throw error.failure
        }
    }
}
