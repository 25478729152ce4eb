import JSON
import LettaAPI
import Storage

/// The messages that a search covers.
struct MessageFilter: Sendable {
    var roles: [MessageRole] = [.user, .assistant]
    /// Nil for those of all agents.
    var agent: ID<AgentState>?
    /// As in ``ListMessages``.
    var conversation: String?
    var project: String?
    var template: String?
    var from: Timestamp?
    var to: Timestamp?
    /// Whether results of tools are listed, which are never found by words.
    var includesResults = false

    /// Whether it leaves out some of what an agent and its users said.
    var isNarrow: Bool {
        !Set(roles).isSuperset(of: [.user, .assistant])
            || conversation != nil || project != nil || template != nil || from != nil || to != nil
    }
}

/// Finds what was said by its words. The index is written with the messages.
enum MessageSearchStore {
    /// The newest messages that are searched for a text that is no word.
    private static let mostScanned = 5_000
    /// Calls and results stand between what was said.
    static let reach = 8
    /// The characters of a message that are scored.
    private static let mostScored = 20_000

    static func index(_ messages: [MessageRow], _ db: Transaction) throws {
        for message in messages {
            guard let said = message.said else { continue }
            try WordIndexStore.messages.insert(
                message.id.rawValue, said, owners: [db.organization, message.agentID.rawValue], db)
        }
    }

    // MARK: By meaning

    /// The positions of what an agent and its users said that passes the filter.
    static func positions(
        of agent: ID<AgentState>, matching filter: MessageFilter, _ db: Transaction
    ) throws -> [Int] {
        var filter = filter
        filter.agent = agent
        filter.includesResults = false
        return try db.rows("SELECT message.position FROM message WHERE \(all(filter, db))").map {
            try $0["position"]
        }
    }

    /// The ids of messages by their positions.
    static func ids(of positions: [String: [Int]], _ db: Transaction) throws -> [String] {
        try positions.sorted { $0.key < $1.key }.flatMap { agent, positions in
            try db.rows(
                """
                SELECT id FROM message
                WHERE organization_id = \(db.organization) AND agent_id = \(agent)
                    AND position IN (\(list: positions))
                """
            ).map { try $0["id"] as String }
        }
    }

    // MARK: By words

    static func hits(
        of query: SearchQuery, matching filter: MessageFilter, limit: Int, _ db: Transaction
    ) throws -> WordIndexStore.Hits {
        let condition: SQLText = filter.agent.map { "AND id = \($0)" } ?? ""
        let count = try db.rows(
            """
            SELECT CAST(COALESCE(SUM(next_message_position), 0) AS BIGINT) AS texts FROM agent
            WHERE organization_id = \(db.organization) \(condition)
            """)
        return try WordIndexStore.messages.hits(
            of: query, in: [filter.agent?.rawValue ?? db.organization], where: conditions(filter),
            count: try count[0]["texts"], limit: limit, db)
    }

    /// Something that was said, for scores.
    struct Said: Sendable {
        let id: String
        let agent: String
        let conversation: String?
        let position: Int
        let role: MessageRole
        let name: String?
        let text: String
        let time: Timestamp
        /// Whether it is among what is searched.
        let isCovered: Bool
    }

    /// The messages with these ids, with what was said before and after them.
    static func surroundings(of ids: [String], matching filter: MessageFilter, _ db: Transaction) throws -> [Said] {
        guard !ids.isEmpty else { return [] }
        let rows = try db.rows(
            """
            SELECT message.id, message.agent_id, message.conversation_id, message.position, message.role, message.name,
                substr(message.said, 1, CAST(\(mostScored) AS INTEGER)) AS said, message.created_at,
                CASE WHEN \(SQLText.joined(conditions(filter), separator: " AND ")) THEN TRUE ELSE FALSE END AS is_covered
            FROM (
                SELECT agent_id, position FROM message
                WHERE organization_id = \(db.organization) AND id IN (\(list: ids))
            ) AS hit
            JOIN message ON message.organization_id = \(db.organization) AND message.agent_id = hit.agent_id
                AND message.position BETWEEN hit.position - \(reach) AND hit.position + \(reach)
            WHERE message.said IS NOT NULL
            """)
        return try rows.map { row in
            Said(
                id: try row["id"], agent: try row["agent_id"], conversation: try row["conversation_id"],
                position: try row["position"], role: try row["role"], name: try row["name"], text: try row["said"],
                time: try row["created_at"], isCovered: try row["is_covered"])
        }
    }

    static func names(of agents: Set<String>, _ db: Transaction) throws -> [String: String] {
        let rows = try agents.sorted().inStatements { agents in
            try db.rows(
                """
                SELECT id, name FROM agent WHERE organization_id = \(db.organization) AND id IN (\(list: agents))
                """)
        }
        return Dictionary(try rows.map { (try $0["id"], try $0["name"]) }) { $1 }
    }

    /// The rows in the order of the ids.
    static func rows(_ ids: [String], _ db: Transaction) throws -> [MessageRow] {
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT \(MessageRow.columns) FROM message
                WHERE organization_id = \(db.organization) AND id IN (\(list: ids))
                """)
        }.map { try MessageRow($0) }
        let byID = Dictionary(rows.map { ($0.id.rawValue, $0) }) { $1 }
        return ids.compactMap { byID[$0] }
    }

    // MARK: By time

    /// What passes the filter, newest first.
    static func newest(matching filter: MessageFilter, limit: Int, _ db: Transaction) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM message WHERE \(all(filter, db)) ORDER BY \(order(filter)) LIMIT \(limit)
            """
        ).map { try MessageRow($0) }
    }

    /// Those of the newest messages that contain `text`, newest first.
    static func containing(
        _ text: String, matching filter: MessageFilter, limit: Int, _ db: Transaction
    ) throws -> [MessageRow] {
        let found = try db.rows(
            """
            SELECT recent.id, recent.created_at FROM (
                SELECT message.id, message.created_at, message.said FROM message
                WHERE \(all(filter, db)) ORDER BY \(order(filter)) LIMIT \(mostScanned)
            ) AS recent
            WHERE \(db.dialect.contains("recent.said", text))
            """
        ).map { row -> (Timestamp, String) in (try row["created_at"], try row["id"]) }
        return try rows(found.sorted { $0 > $1 }.prefix(limit).map(\.1), db)
    }

    /// Each as an index has it.
    private static func order(_ filter: MessageFilter) -> SQLText {
        filter.agent == nil
            ? "message.created_at DESC, message.agent_id DESC, message.position DESC" : "message.position DESC"
    }

    private static func all(_ filter: MessageFilter, _ db: Transaction) -> SQLText {
        .joined(
            [
                "message.organization_id = \(db.organization)",
                filter.includesResults
                    ? "(message.said IS NOT NULL OR message.role = 'tool')" : "message.said IS NOT NULL",
            ] + conditions(filter), separator: " AND ")
    }

    private static func conditions(_ filter: MessageFilter) -> [SQLText] {
        let conditions: [SQLText?] = [
            "message.role IN (\(list: filter.roles.map(\.rawValue)))",
            filter.agent.map { "message.agent_id = \($0)" },
            filter.conversation.map {
                $0 == "default" ? "message.conversation_id IS NULL" : "message.conversation_id = \($0)"
            },
            filter.from.map { "message.created_at >= \($0)" },
            filter.to.map { "message.created_at <= \($0)" },
            filter.project.map { isOfAgent("project_id = \($0)") },
            filter.template.map { isOfAgent("template_id = \($0)") },
        ]
        return conditions.compactMap { $0 }
    }

    private static func isOfAgent(_ condition: SQLText) -> SQLText {
        """
        EXISTS (
            SELECT 1 FROM agent WHERE agent.organization_id = message.organization_id
                AND agent.id = message.agent_id AND agent.\(condition))
        """
    }
}
