import FoundationEssentials
import JSON
import LettaAPI
import Storage

/// Reads tables of a Letta database, whose columns are found in its catalogue.
enum LettaSourceStore {
    /// Some rows of one table.
    struct Request: Sendable {
        var table: String
        var columns: [String: LettaSource.Column]
        var order: [String]
        var filter: (column: String, value: String)?
        var key: [SQLValue]?
        var limit: Int
        var skipsDeleted: Bool
    }

    private static let parser = JSONParser(options: [.removeNUL, .replaceLoneSurrogates])

    // MARK: Catalogue

    static func tables(_ db: any SQLExecutor) throws -> [String: [String: LettaSource.Column]] {
        let rows =
            switch db.dialect {
            case .sqlite:
                try db.rows(
                    """
                    SELECT sqlite_master.name AS table_name, info.name AS column_name, lower(info.type) AS column_type
                    FROM sqlite_master JOIN pragma_table_info(sqlite_master.name) AS info
                    WHERE sqlite_master.type = 'table'
                    """)
            case .postgres:
                try db.rows(
                    """
                    SELECT CAST(table_name AS TEXT) AS table_name, CAST(column_name AS TEXT) AS column_name,
                        CAST(udt_name AS TEXT) AS column_type
                    FROM information_schema.columns WHERE table_schema = current_schema()
                    """)
            }
        var tables: [String: [String: LettaSource.Column]] = [:]
        for row in rows {
            let (table, column): (String, String) = (try row["table_name"], try row["column_name"])
            guard isPlain(table), isPlain(column) else { continue }
            tables[table, default: [:]][column] = kind(column, try row["column_type"])
        }
        return tables
    }

    /// Names that Letta gives have no other characters.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }
    }

    private static func kind(_ column: String, _ type: String) -> LettaSource.Column {
        switch type {
        case "json", "jsonb": .json
        case "bool", "boolean": .flag
        case "datetime", "timestamp", "timestamptz": .time
        // SQLite has no type for vectors.
        case "vector", "blob": .vector
        default: column == "embedding" ? .vector : .plain
        }
    }

    // MARK: Rows

    static func count(_ table: String, skipsDeleted: Bool, _ db: any SQLExecutor) throws -> Int {
        try unlimited(db)
        let condition: SQLText = skipsDeleted ? " WHERE is_deleted IS NOT TRUE" : ""
        return try db.value("SELECT COUNT(*) FROM \(quoted(table))\(condition)") ?? 0
    }

    static func rows(_ request: Request, _ db: any SQLExecutor) throws -> [LettaRow] {
        try unlimited(db)
        let names = request.columns.keys.sorted()
        let columns = SQLText.joined(names.map(quoted), separator: ", ")
        let order = SQLText.joined(request.order.map(quoted), separator: ", ")
        var conditions: [SQLText] = request.skipsDeleted ? ["is_deleted IS NOT TRUE"] : []
        if let filter = request.filter { conditions.append("\(quoted(filter.column)) = \(filter.value)") }
        if let key = request.key { conditions.append("(\(order)) > (\(list: key))") }
        let condition: SQLText =
            conditions.isEmpty ? "" : "WHERE \(SQLText.joined(conditions, separator: " AND "))"
        let ordered: SQLText = order.isEmpty ? "" : "ORDER BY \(order)"
        let selected: SQLText =
            "SELECT \(columns) FROM \(quoted(request.table)) \(condition) \(ordered) LIMIT \(request.limit)"
        switch db.dialect {
        case .sqlite:
            return try db.rows(selected).map { row in
                let pairs = try names.map { name in
                    (name, try json(try row[name], request.columns[name] ?? .plain))
                }
                return LettaRow(object(pairs), key: try request.order.map { try row[$0] })
            }
        case .postgres:
            return try db.rows("SELECT CAST(row_to_json(part) AS TEXT) AS line FROM (\(selected)) AS part").map { row in
                let columns = try parser.parse(try row["line"] as String).object ?? [:]
                return LettaRow(columns, key: request.order.map { value(columns[$0] ?? .null) })
            }
        }
    }

    private static func object(_ pairs: [(String, JSONValue)]) -> JSONObject {
        var object = JSONObject()
        for (name, value) in pairs { object[name] = value }
        return object
    }

    /// Counting a large table takes longer than statements of a server may.
    private static func unlimited(_ db: any SQLExecutor) throws {
        if db.dialect == .postgres { try db.execute("SET LOCAL statement_timeout = 0") }
    }

    private static func quoted(_ name: String) -> SQLText { #""\#(SQLText(identifier: name))""# }

    private static func value(_ json: JSONValue) -> SQLValue {
        json.int.map { SQLValue.integer($0) } ?? json.string.map { SQLValue.text($0) } ?? .null
    }

    /// The value of a column of SQLite, which has texts for documents and times.
    private static func json(_ value: SQLValue, _ kind: LettaSource.Column) throws -> JSONValue {
        switch value {
        case .null: .null
        case .integer(let number): kind == .flag ? .bool(number != 0) : .int(number)
        case .real(let number): .double(number)
        case .boolean(let flag): .bool(flag)
        case .blob(let bytes): kind == .vector ? .string(Data(bytes).base64EncodedString()) : .null
        // A document that is none is as good as missing.
        case .text(let text) where kind == .json: (try? parser.parse(text)) ?? .null
        case .text(let text): .string(String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value != 0 })))
        }
    }
}
