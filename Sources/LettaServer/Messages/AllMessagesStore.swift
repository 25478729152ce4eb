import LettaAPI
import Storage

/// Lists of table `message` over all agents, ordered by time.
enum AllMessagesStore {
    private static let key: [SQLText] = ["created_at", "agent_id", "position"]

    static func row(_ id: String, _ db: Transaction) throws -> MessageRow? {
        try db.row(
            "SELECT \(MessageRow.columns) FROM message WHERE organization_id = \(db.organization) AND id = \(id)"
        ).map { try MessageRow($0) }
    }

    static func rows(of step: ID<Step>, _ db: Transaction) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM message
            WHERE organization_id = \(db.organization) AND step_id = \(step) AND run_id = (
                SELECT run_id FROM step WHERE organization_id = \(db.organization) AND id = \(step))
            ORDER BY position
            """
        ).map { try MessageRow($0) }
    }

    /// A page ordered by time, from the newest or the oldest end between the bounds.
    static func page(
        in conversation: String?, after: MessageRow?, before: MessageRow?, fromNewest: Bool, limit: Int,
        _ db: Transaction
    ) throws -> [MessageRow] {
        var all: [SQLText] = ["organization_id = \(db.organization)"]
        if let condition = MessageStore.isIn(conversation) { all.append(condition) }
        let tuple = SQLText.joined(key, separator: ", ")
        if let after { all.append("(\(tuple)) > (\(list: place(of: after)))") }
        if let before { all.append("(\(tuple)) < (\(list: place(of: before)))") }
        let direction: SQLText = fromNewest ? "DESC" : "ASC"
        let order = SQLText.joined(key.map { "\($0) \(direction)" as SQLText }, separator: ", ")
        let rows = try db.rows(
            """
            SELECT \(MessageRow.columns) FROM message WHERE \(SQLText.joined(all, separator: " AND "))
            ORDER BY \(order) LIMIT \(limit)
            """
        ).map { try MessageRow($0) }
        return fromNewest ? rows.reversed() : rows
    }

    private static func place(of row: MessageRow) -> [SQLValue] {
        [row.createdAt.sqlValue, row.agentID.sqlValue, row.position.sqlValue]
    }
}
