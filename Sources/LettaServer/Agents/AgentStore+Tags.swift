import LettaAPI
import Storage

extension AgentStore {
    /// The oldest agents that have all of some tags and one of others, but for one agent.
    static func agents(
        withAll all: [String], withSome some: [String], except agent: ID<AgentState>, limit: Int, _ db: Transaction
    ) throws -> [ID<AgentState>] {
        let conditions =
            ["agent.organization_id = \(db.organization)", "agent.id <> \(agent)"]
            + [
                TagStore.condition(all, all: true, owner: "agent", db),
                TagStore.condition(some, all: false, owner: "agent", db),
            ].compactMap(\.self)
        return try db.rows(
            """
            SELECT id FROM agent WHERE \(SQLText.joined(conditions, separator: " AND "))
            ORDER BY created_at, id LIMIT \(limit)
            """
        ).map { try $0["id"] }
    }
}
