import JSON
import LettaAPI
import Storage

/// Lists of table `message`, always ordered by position.
enum MessageListStore {
    /// A page of an agent's messages ordered by time, from the newest or the oldest end between the bounds.
    static func page(
        of agent: ID<AgentState>, in conversation: String?, said group: ID<Group>? = nil, after: MessageRow?,
        before: MessageRow?, withErrors: Bool = true, fromNewest: Bool, limit: Int, _ db: Transaction
    ) throws -> [MessageRow] {
        var all: [SQLText] = ["organization_id = \(db.organization)", "agent_id = \(agent)"]
        if let condition = MessageStore.isIn(conversation) { all.append(condition) }
        if let group { all.append(GroupRunStore.isSaid(in: group, db)) }
        if !withErrors { all.append(MessageStore.isTakenByModels) }
        if let after { all.append("position > \(after.position)") }
        if let before { all.append("position < \(before.position)") }
        let direction: SQLText = fromNewest ? "DESC" : "ASC"
        let rows = try db.rows(
            """
            SELECT \(MessageRow.columns) FROM message WHERE \(SQLText.joined(all, separator: " AND "))
            ORDER BY position \(direction) LIMIT \(limit)
            """
        ).map { try MessageRow($0) }
        return fromNewest ? rows.reversed() : rows
    }

    static func rows(of run: ID<Run>, _ db: Transaction) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM message
            WHERE organization_id = \(db.organization) AND run_id = \(run) ORDER BY position
            """
        ).map { try MessageRow($0) }
    }

    static func row(_ id: String, of agent: ID<AgentState>, _ db: Transaction) throws -> MessageRow? {
        try db.row(
            """
            SELECT \(MessageRow.columns) FROM message
            WHERE organization_id = \(db.organization) AND id = \(id) AND agent_id = \(agent)
            """
        ).map { try MessageRow($0) }
    }
}
