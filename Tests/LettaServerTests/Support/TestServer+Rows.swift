import LettaAPI
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

    /// The uuids in the rows of an organization that are in no row of another one, and not the default user's.
    func uuids(of organization: String) async throws -> Set<String> {
        var (own, others): (Set<String>, Set<String>) = ([], [])
        for row in try await rows() {
            if row.contains(organization) { own.formUnion(row.uuids) } else { others.formUnion(row.uuids) }
        }
        return own.subtracting(others).subtracting(User.defaultID.rawValue.uuids)
    }
}

extension String {
    /// The uuids in the text.
    var uuids: Set<String> {
        var found: Set<String> = []
        for word in utf8.split(whereSeparator: { byte in
            !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) && byte != UInt8(ascii: "-")
                && !(UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }) where word.count >= 36 {
            found.insert(String(decoding: word.suffix(36), as: UTF8.self))
        }
        return found
    }
}
