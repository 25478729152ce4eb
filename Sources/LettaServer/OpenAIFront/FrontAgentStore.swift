import LettaAPI
import Storage

/// The agents as models of OpenAI's API.
enum FrontAgentStore {
    struct Listed: Sendable {
        let id: ID<AgentState>
        let name: String
        let createdAt: Timestamp
    }

    /// One agent of this name, or two when there are several.
    static func agents(named name: String, _ db: Transaction) throws -> [AgentRow] {
        try db.rows(
            """
            SELECT \(AgentStore.table.columns) FROM agent
            WHERE organization_id = \(db.organization) AND name = \(name) ORDER BY id LIMIT 2
            """
        ).map { try AgentStore.table.row($0) }
    }

    static func newest(_ limit: Int, _ db: Transaction) throws -> [Listed] {
        try db.rows(
            """
            SELECT id, name, created_at FROM agent
            WHERE organization_id = \(db.organization) AND (hidden IS NULL OR NOT hidden)
            ORDER BY created_at DESC, id DESC LIMIT \(limit)
            """
        ).map { Listed(id: try $0["id"], name: try $0["name"], createdAt: try $0["created_at"]) }
    }
}
