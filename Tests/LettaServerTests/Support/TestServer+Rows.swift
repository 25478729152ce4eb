import Storage
import TestSupport

extension TestServer {
    /// Every row of every table as text, in a fixed order.
    func rows() async throws -> [String] {
        try await storage.read { db in
            let names: SQLText =
                switch db.dialect {
                case .sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                case .postgres: "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
                }
            let tables: [String] = try db.rows(names).map { try $0["name"] }
            return try tables.flatMap { table -> [String] in
                let line: SQLText =
                    switch db.dialect {
                    case .sqlite:
                        .joined(
                            try db.rows("SELECT name FROM pragma_table_info(\(table))").map { row in
                                "quote(\(SQLText(stringLiteral: "\"\(try row["name"] as String)\"")))"
                            }, separator: " || ', ' || ")
                    case .postgres: "CAST(t.* AS TEXT)"
                    }
                return try db.rows("SELECT \(line) AS line FROM \(SQLText(stringLiteral: table)) AS t").map { row in
                    "\(table): \(try row["line"] as String)"
                }
            }.sorted()
        }
    }
}
