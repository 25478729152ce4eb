/// Asks the planner how it would run a query, for tests that forbid full scans of growing tables.
package enum QueryPlan {
    /// Names of the tables (or the aliases the query gives them) that `sql` would read from end to end.
    ///
    /// SQLite: a `SCAN` counts unless it walks an index in a query that has a `LIMIT` and needs no sorting
    /// afterwards, since such a walk stops early. Looking words up in a table made for it is no scan; constant rows
    /// and the results of subqueries are no tables.
    /// PostgreSQL: sequential scans are switched off for the transaction, so that a small table shows what a
    /// large one would; what is still scanned sequentially has no index that helps.
    package static func fullScans(of sql: SQLText, in db: any SQLExecutor) throws(SQLFailure) -> [String] {
        switch db.dialect {
        case .sqlite: try sqliteScans(of: sql, in: db)
        case .postgres: try postgresScans(of: sql, in: db)
        }
    }

    private static func sqliteScans(of sql: SQLText, in db: any SQLExecutor) throws(SQLFailure) -> [String] {
        var details: [String] = []
        for row in try db.rows("EXPLAIN QUERY PLAN \(sql)") {
            details.append(try row["detail"])
        }
        let text = sql.text.uppercased()
        let stopsEarly = text.contains("LIMIT") && !details.contains { $0.hasPrefix("USE TEMP B-TREE") }
        let subqueries = Set(
            details.map { $0.split(separator: " ") }.compactMap { words -> Substring? in
                words.count == 2 && ["MATERIALIZE", "CO-ROUTINE"].contains(words[0]) ? words[1] : nil
            })
        return details.compactMap { detail in
            let words = detail.split(separator: " ")
            guard words.count >= 2, words[0] == "SCAN", !words.contains("CONSTANT"), !words[1].hasPrefix("("),
                !subqueries.contains(words[1]), words.last?.hasPrefix("0:M") != true
            else { return nil }
            let walksIndex = words.contains("INDEX") || words.contains("VIRTUAL")
            return walksIndex && stopsEarly ? nil : String(words[1])
        }
    }

    private static func postgresScans(of sql: SQLText, in db: any SQLExecutor) throws(SQLFailure) -> [String] {
        _ = try db.execute("SET LOCAL enable_seqscan = off")
        var tables: [String] = []
        for row in try db.rows("EXPLAIN (COSTS OFF) \(sql)") {
            let line: String = try row["QUERY PLAN"]
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "Seq"), words.count > at + 3, words[at + 1] == "Scan" else { continue }
            // "Seq Scan on run r": the alias, where there is one, as SQLite says it.
            tables.append(String(words[words.count > at + 4 ? at + 4 : at + 3]))
        }
        return tables
    }
}
