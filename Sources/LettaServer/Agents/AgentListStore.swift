import JSON
import LettaAPI
import Storage

/// Lists and counts of table `agent`.
enum AgentListStore {
    static func page(
        _ request: PageRequest, by order: AgentOrder, matching filter: AgentFilter, and extra: [SQLText] = [],
        _ db: Transaction
    ) throws -> StoredPage<AgentRow> {
        let key = key(order, request)
        let keyset = Keyset(
            columns: key, request: request,
            after: try DeletedKeyStore.key(of: request.after, columns: key, table: "agent", db),
            before: try DeletedKeyStore.key(of: request.before, columns: key, table: "agent", db))
        let all = SQLText.joined(conditions(filter, db) + extra, separator: " AND ")
        let rows = try db.rows(
            "SELECT \(AgentRow.columns) FROM agent WHERE \(all)\(keyset.conditions)\(keyset.ending)")
        return keyset.page(try rows.map { try AgentRow($0) })
    }

    static func count(matching filter: AgentFilter, _ db: Transaction) throws -> Int {
        let all = SQLText.joined(conditions(filter, db), separator: " AND ")
        return try db.value("SELECT COUNT(*) FROM agent WHERE \(all)") ?? 0
    }

    /// Agents that have the block attached.
    static func attached(to block: ID<Block>, _ db: Transaction) -> SQLText {
        """
        EXISTS (SELECT 1 FROM agent_block
                WHERE agent_block.organization_id = \(db.organization) AND agent_block.block_id = \(block)
                    AND agent_block.agent_id = agent.id)
        """
    }

    /// The conditions of a search; nil when one of them can hold for no agent.
    static func sql(_ conditions: [AgentCondition], _ db: Transaction) -> [SQLText] {
        conditions.map { condition in
            switch condition {
            case .nameEquals(let name): "name = \(name)"
            case .nameContains(let text): db.dialect.contains("name", text)
            case .tags(let tags):
                tags.isEmpty
                    ? "1 = 1" : TagCondition.sql(tags.withoutDuplicates, all: true, owner: "agent", db)
            case .templateVersion(let version): "(template_id = \(version) OR base_template_id = \(version))"
            // No agent has an identity or was made from a named template yet, so that none fits.
            case .identity, .templateName: "1 = 0"
            }
        }
    }

    private static func key(_ order: AgentOrder, _ request: PageRequest) -> [SQLText] {
        switch order {
        case .createdAt: ["created_at", "id"]
        case .updatedAt: ["updated_at", "id"]
        case .lastRunCompletion:
            // A run that never was comes last in both directions, so its flag turns with the direction;
            // and NULL has to be a value, because no row value with a NULL compares.
            request.isAscending
                ? ["(last_run_completion IS NULL)", "COALESCE(last_run_completion, 0)", "id"]
                : ["(last_run_completion IS NOT NULL)", "COALESCE(last_run_completion, 0)", "id"]
        }
    }

    private static func conditions(_ filter: AgentFilter, _ db: Transaction) -> [SQLText] {
        var all: [SQLText] = ["organization_id = \(db.organization)"]
        if filter.showHiddenAgents != true { all.append("(hidden IS NULL OR NOT hidden)") }
        if let name = filter.name { all.append("name = \(name)") }
        if let text = filter.queryText { all.append(db.dialect.contains("name", text)) }
        if let project = filter.projectID ?? db.project { all.append("project_id = \(project)") }
        if let template = filter.templateID { all.append("template_id = \(template)") }
        if let template = filter.baseTemplateID { all.append("base_template_id = \(template)") }
        if let reason = filter.lastStopReason { all.append("last_stop_reason = \(reason)") }
        if let creator = filter.createdByID { all.append("created_by_id = \(creator)") }
        // No identity can be attached to an agent yet, so that none fits a filter by identity.
        if filter.identityID != nil || filter.identifierKeys?.isEmpty == false { all.append("1 = 0") }
        if let tags = filter.tags?.withoutDuplicates, !tags.isEmpty {
            all.append(TagCondition.sql(tags, all: filter.matchAllTags == true, owner: "agent", db))
        }
        return all
    }
}
