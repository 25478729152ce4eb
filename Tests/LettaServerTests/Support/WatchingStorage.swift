import Storage
import Synchronization

/// Stands before a database and asks the planner about every statement that reads or changes rows.
struct WatchingStorage: StorageWrapper {
    /// Which statements would read which tables from end to end.
    final class Scans: Sendable {
        private let found = Mutex<[String: Set<String>]>([:])

        func add(_ tables: [String], _ sql: SQLText) {
            guard !tables.isEmpty else { return }
            found.withLock { $0[sql.text, default: []].formUnion(tables) }
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

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.read { [scans] db in try body(Watching(base: db, scans: scans)) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.write { [scans] db in try body(Watching(base: db, scans: scans)) }
    }

    private struct Watching: ExecutorWrapper {
        let base: any SQLExecutor
        let scans: Scans

        func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
            try watch(sql)
            return try base.rows(sql)
        }

        func execute(_ sql: SQLText) throws(SQLFailure) -> Int {
            try watch(sql)
            return try base.execute(sql)
        }

        /// Whether a page of a list is found by sorting all there is, because no index has the order.
        private func sorts(_ sql: SQLText) throws(SQLFailure) -> Bool {
            let column: String
            let query: SQLText
            switch dialect {
            case .sqlite: (column, query) = ("detail", "EXPLAIN QUERY PLAN \(sql)")
            case .postgres:
                try set("off")
                (column, query) = ("QUERY PLAN", "EXPLAIN (COSTS OFF) \(sql)")
            }
            let lines: [String] = try base.rows(query).map { row throws(SQLFailure) in try row[column] }
            // Word tables are found by bitmaps alone, by the statements that come next.
            if base.dialect == .postgres { try set("on") }
            return lines.contains { $0.contains("USE TEMP B-TREE FOR ORDER BY") || $0.contains("Sort Key") }
        }

        private func set(_ state: SQLText) throws(SQLFailure) {
            for way in ["sort", "incremental_sort", "bitmapscan"] {
                _ = try base.execute("SET LOCAL enable_\(SQLText(stringLiteral: way)) = \(state)")
            }
        }

        private func watch(_ sql: SQLText) throws(SQLFailure) {
            let text = sql.text
            guard ["SELECT", "UPDATE", "DELETE", "INSERT"].contains(where: text.hasPrefix) else { return }
            scans.add(try QueryPlan.fullScans(of: sql, in: base).filter { $0 != "sqlite_master" }, sql)
            // PostgreSQL sorts the texts that have a word by time: no index has both.
            let looksUpWords = text.contains("_words CROSS JOIN")
            if text.hasPrefix("SELECT"), text.contains(" LIMIT "), !looksUpWords, try sorts(sql) {
                scans.add(["(sorted)"], sql)
            }
        }
    }
}
