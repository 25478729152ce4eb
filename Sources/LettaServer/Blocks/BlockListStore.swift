import JSON
import LettaAPI
import Storage

/// Lists and counts of table `block`.
enum BlockListStore {
    private static let key: [SQLText] = ["created_at", "id"]

    static func page(_ request: PageRequest, matching filter: ListBlocks, _ db: Transaction) throws -> StoredPage<BlockRow> {
        let keyset = Keyset(
            columns: key, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: "block", db),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: "block", db))
        let rows = try db.rows(
            """
            SELECT \(BlockRow.columns) FROM block
            WHERE \(conditions(filter, db))\(keyset.conditions)\(keyset.ending)
            """)
        return keyset.page(try rows.map { try BlockRow($0) })
    }

    static func count(matching filter: ListBlocks, _ db: Transaction) throws -> Int {
        try db.value("SELECT COUNT(*) FROM block WHERE \(conditions(filter, db))") ?? 0
    }

    private static func conditions(_ filter: ListBlocks, _ db: Transaction) -> SQLText {
        var all: [SQLText] = [
            "organization_id = \(db.organization)",
            filter.templatesOnly == true ? "is_template" : "NOT is_template",
            // Blocks marked as hidden are for the tools that made them.
            "(hidden IS NULL OR NOT hidden)",
        ]
        if let label = filter.label { all.append("label = \(label)") }
        if let name = filter.name { all.append("template_name = \(name)") }
        if let project = filter.projectID ?? db.project { all.append("project_id = \(project)") }
        if let readOnly = filter.readOnly { all.append(readOnly ? "read_only" : "NOT read_only") }
        if let text = filter.labelSearch { all.append(db.dialect.contains("label", text)) }
        if let text = filter.descriptionSearch { all.append(db.dialect.contains("description", text)) }
        if let text = filter.valueSearch { all.append(db.dialect.contains("value", text)) }
        // No identity can be attached to a block yet, so that none fits a filter by identity.
        if filter.identityID != nil || filter.identifierKeys?.isEmpty == false { all.append("1 = 0") }
        if let tags = filter.tags?.withoutDuplicates, !tags.isEmpty {
            all.append(TagCondition.sql(tags, all: filter.matchAllTags == true, owner: "block", db))
        }
        all += attachmentConditions(filter)
        return .joined(all, separator: " AND ")
    }

    private static func attachmentConditions(_ filter: ListBlocks) -> [SQLText] {
        let count: SQLText = """
            (SELECT COUNT(*) FROM agent_block
             WHERE agent_block.organization_id = block.organization_id AND agent_block.block_id = block.id)
            """
        var conditions: [SQLText] = []
        if let least = filter.connectedToAgentsCountGreaterThan { conditions.append("\(count) > \(least)") }
        if let most = filter.connectedToAgentsCountLessThan { conditions.append("\(count) < \(most)") }
        if let counts = filter.connectedToAgentsCountEqual, !counts.isEmpty {
            conditions.append("\(count) IN (\(list: counts))")
        }
        return conditions
    }
}
