import JSON
import LettaAPI
import Storage

/// Tables `agent`, `agent_tag` and `agent_secret`. The functions take an open transaction and never wait.
enum AgentStore {
    static let table = Table<AgentRow>(
        "agent", renaming: ["system": "system_prompt", "last_run_duration_milliseconds": "last_run_duration_ms"])

    static func update(_ agent: AgentRow, _ db: Transaction) throws {
        try db.update(agent, in: table)
    }

    /// Deletes the agent with its messages, tags, secrets and attachments.
    static func delete(_ agent: AgentRow, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: RunStore.table, where: "agent_id = \(agent.id)", db)
        try DeletedKeyStore.note(in: StepStore.table, where: "agent_id = \(agent.id)", db)
        try DeletedKeyStore.note(in: ConversationStore.table, where: "agent_id = \(agent.id)", db)
        try DeletedKeyStore.note(in: GroupStore.table, where: "manager_agent_id = \(agent.id)", db)
        try WordIndexStore.messages.delete([agent.id.rawValue], db)
        try db.delete(agent.id, from: table)
    }

    static func row(_ id: ID<AgentState>, _ db: Transaction) throws -> AgentRow? {
        try db.fetch(table, id)
    }

    static func rowForUpdate(_ id: ID<AgentState>, _ db: Transaction) throws -> AgentRow? {
        try db.fetch(table, id, locking: true)
    }

    static func exists(_ id: ID<AgentState>, _ db: Transaction) throws -> Bool {
        try db.exists(id, in: table)
    }

    // MARK: Lists

    /// A page of all agents, including hidden ones, that meet the condition.
    static func page(_ request: PageRequest, where condition: SQLText, _ db: Transaction) throws -> Page<AgentRow> {
        try db.page(table, request, where: [condition])
    }

    static func page(
        _ request: PageRequest, by order: AgentOrder, matching filter: AgentFilter, and search: [AgentCondition] = [],
        _ db: Transaction
    ) throws -> Page<AgentRow> {
        try db.page(
            table, request, key: key(order, request),
            where: conditions(filter, db) + search.map { condition($0, db) })
    }

    static func count(matching filter: AgentFilter, _ db: Transaction) throws -> Int {
        try db.count(table, where: conditions(filter, db))
    }

    static func names(of ids: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: String] {
        let rows = try ids.inStatements { ids in
            try db.rows(
                "SELECT id, name FROM agent WHERE organization_id = \(db.organization) AND id IN (\(list: ids))")
        }
        return Dictionary(try rows.map { (try $0["id"], try $0["name"]) }) { $1 }
    }

    private static func condition(_ condition: AgentCondition, _ db: Transaction) -> SQLText? {
        switch condition {
        case .nameEquals(let name): "name = \(name)"
        case .nameContains(let text): db.dialect.contains("name", text)
        case .tags(let tags): TagStore.condition(tags, all: true, owner: "agent", db)
        case .templateVersion(let version): "(template_id = \(version) OR base_template_id = \(version))"
        case .identity(let identity): IdentityStore.condition(named: identity, of: .agents, db)
        case .templateName(let name): TemplateStore.isMade(fromTemplateNamed: name, db)
        }
    }

    static func key(_ order: AgentOrder, _ request: PageRequest) -> [SQLText] {
        switch order {
        case .createdAt: ["created_at", "id"]
        case .updatedAt: ["updated_at", "id"]
        case .lastRunCompletion:
            // Agents without a run come last in both directions, so the flag follows the direction; NULL becomes a
            // value, because a row value with a NULL compares to nothing.
            request.isAscending
                ? ["(last_run_completion IS NULL)", "COALESCE(last_run_completion, 0)", "id"]
                : ["(last_run_completion IS NOT NULL)", "COALESCE(last_run_completion, 0)", "id"]
        }
    }

    static func conditions(_ filter: AgentFilter, _ db: Transaction) -> [SQLText?] {
        [
            filter.showHiddenAgents == true ? nil : "(hidden IS NULL OR NOT hidden)",
            filter.name.map { "name = \($0)" },
            filter.queryText.map { db.dialect.contains("name", $0) },
            (filter.projectID ?? db.project).map { ProjectStore.condition($0) },
            filter.templateID.map { "template_id = \($0)" },
            filter.baseTemplateID.map { "base_template_id = \($0)" },
            filter.lastStopReason.map { "last_stop_reason = \($0)" },
            filter.createdByID.map { "created_by_id = \($0)" },
            filter.identityID.map { IdentityStore.condition(ID($0), of: .agents, db) },
            IdentityStore.condition(keys: filter.identifierKeys, of: .agents, db),
            TagStore.condition(filter.tags, all: filter.matchAllTags == true, owner: "agent", db),
        ]
    }

    /// The distinct tags of agents, in byte order.
    static func tags(_ query: ListTags, _ db: Transaction) throws -> Page<String> {
        let request = try PageRequest(query, defaultOrder: .ascending)
        let keyset = Keyset(
            columns: ["tag"], request: request, after: request.after.map { [$0.sqlValue] },
            before: request.before.map { [$0.sqlValue] })
        let filters = [query.queryText, query.name].compactMap { $0 }
            .map { " AND \(db.dialect.contains("tag", $0))" as SQLText }
        let tags = try db.rows(
            """
            SELECT DISTINCT tag FROM agent_tag
            WHERE organization_id = \(db.organization)\(SQLText.joined(filters, separator: ""))\(keyset.conditions)
            \(keyset.ending)
            """
        ).map { row -> String in try row["tag"] }
        return keyset.page(tags) { $0 }
    }

    // MARK: Secrets

    /// Replaces the secrets of the agent.
    static func replaceSecrets(of id: ID<AgentState>, with secrets: [SealedSecret], _ db: Transaction) throws {
        try db.execute("DELETE FROM agent_secret WHERE organization_id = \(db.organization) AND agent_id = \(id)")
        for (position, secret) in secrets.enumerated() {
            try db.execute(
                """
                INSERT INTO agent_secret (
                    organization_id, agent_id, id, name, sealed_value, description, position, created_at, updated_at)
                VALUES (\(db.organization), \(id), \(secret.id), \(secret.name), \(secret.sealedValue),
                    \(secret.description), \(position), \(secret.createdAt), \(secret.updatedAt))
                """)
        }
    }

    /// The secrets of an agent with their encrypted values.
    static func sealedSecrets(of id: ID<AgentState>, _ db: Transaction) throws -> [SealedSecret] {
        try db.rows(
            """
            SELECT id, name, sealed_value, description, created_at, updated_at FROM agent_secret
            WHERE organization_id = \(db.organization) AND agent_id = \(id) ORDER BY position
            """
        ).map { row in
            SealedSecret(
                id: try row["id"], name: try row["name"], sealedValue: try row["sealed_value"],
                description: try row["description"], createdAt: try row["created_at"],
                updatedAt: try row["updated_at"])
        }
    }

    /// The secrets of each agent with masked values.
    static func secrets(of ids: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [AgentSecret]] {
        var secrets: [ID<AgentState>: [AgentSecret]] = [:]
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT agent_id, id, name, description, created_at, updated_at FROM agent_secret
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: ids))
                ORDER BY agent_id, position
                """)
        }
        for row in rows {
            let agent: ID<AgentState> = try row["agent_id"]
            var secret = AgentSecret(id: try row["id"], agentID: agent, key: try row["name"], value: SealedSecret.mask)
            secret.description = try row["description"]
            secret.organizationID = db.organization
            secret.createdAt = try row["created_at"]
            secret.updatedAt = try row["updated_at"]
            secrets[agent, default: []].append(secret)
        }
        return secrets
    }
}

/// An environment variable of an agent, with its encrypted value.
struct SealedSecret: Sendable, Equatable {
    let id: ID<AgentSecret>
    let name: String
    let sealedValue: String
    let description: String?
    let createdAt: Timestamp
    let updatedAt: Timestamp

    /// The row that a value is encrypted for; it decrypts in no other.
    static func place(of name: String, agent: ID<AgentState>) -> String {
        "agent_secret/\(agent)/\(name)"
    }

    /// Replaces values in responses; in a change it stands for the stored value.
    static let mask = "********"
}
