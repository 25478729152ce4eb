import JSON
import LettaAPI
import Storage

/// Lists and counts of table `tool`.
enum ToolListStore {
    private static let key: [SQLText] = ["created_at", "id"]

    static func page(_ request: PageRequest, matching filter: CountTools, _ db: Transaction) throws -> StoredPage<Tool> {
        let keyset = Keyset(
            columns: key, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: "tool", db),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: "tool", db))
        let rows = try db.rows(
            """
            SELECT \(ToolRow.columns) FROM tool
            WHERE \(conditions(filter, db))\(keyset.conditions)\(keyset.ending)
            """)
        return keyset.page(try rows.map { try ToolRow($0).tool })
    }

    static func count(matching filter: CountTools, _ db: Transaction) throws -> Int {
        try db.value("SELECT COUNT(*) FROM tool WHERE \(conditions(filter, db))") ?? 0
    }

    private static func conditions(_ filter: CountTools, _ db: Transaction) -> SQLText {
        var all: [SQLText] = ["organization_id = \(db.organization)"]
        if let name = filter.name { all.append("name = \(name)") }
        for (column, values) in [
            ("name", filter.names), ("id", filter.toolIDs), ("tool_type", filter.toolTypes),
        ] as [(SQLText, [String]?)] {
            guard let values, !values.isEmpty else { continue }
            all.append("\(column) IN (\(list: values))")
        }
        if let types = filter.excludeToolTypes, !types.isEmpty { all.append("tool_type NOT IN (\(list: types))") }
        if let text = filter.search { all.append(db.dialect.contains("name", text)) }
        if filter.returnOnlyLettaTools == true { all.append(db.dialect.contains("tool_type", "letta_")) }
        if filter.excludeLettaTools == true { all.append("NOT (\(db.dialect.contains("tool_type", "letta_")))") }
        // A project's own tools, and those of everybody.
        if let project = db.project { all.append("(project_id = \(project) OR project_id IS NULL)") }
        return .joined(all, separator: " AND ")
    }
}
