import Storage
import Synchronization

/// Stands before a database and asks the planner about every statement that reads or changes rows.
struct WatchingStorage: StorageEngine {
    /// Which statements would read which tables from end to end.
    final class Scans: Sendable {
        private let found = Mutex<[String: Set<String>]>([:])

        func add(_ tables: [String], _ sql: SQLText) {
            guard !tables.isEmpty else { return }
            found.withLock { $0[sql.rendered().text, default: []].formUnion(tables) }
        }

        /// Takes what was found so far.
        func take() -> [String: Set<String>] {
            found.withLock { found in
                defer { found = [:] }
                return found
            }
        }
    }

    let base: any StorageEngine
    let scans: Scans

    var dialect: Dialect { base.dialect }

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.read { [scans] db in try body(Watching(base: db, scans: scans)) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.write { [scans] db in try body(Watching(base: db, scans: scans)) }
    }

    func backup(to path: String) async throws { try await base.backup(to: path) }
    func close() async { await base.close() }

    private struct Watching: SQLExecutor {
        let base: any SQLExecutor
        let scans: Scans

        var dialect: Dialect { base.dialect }

        func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
            try watch(sql)
            return try base.rows(sql)
        }

        func execute(_ sql: SQLText) throws(SQLFailure) -> Int {
            try watch(sql)
            return try base.execute(sql)
        }

        private func watch(_ sql: SQLText) throws(SQLFailure) {
            let text = sql.rendered().text
            guard ["SELECT", "UPDATE", "DELETE", "INSERT"].contains(where: text.hasPrefix) else { return }
            scans.add(try QueryPlan.fullScans(of: sql, in: base), sql)
        }
    }
}
