import JSON
import LettaAPI
import Storage

/// The system messages at the start of contexts, each with the blocks it was compiled from: column
/// `message.compiled_from`.
enum SystemMessageStore {
    struct Head: Sendable {
        let agent: ID<AgentState>
        let message: ID<Message>
        /// Whether the agent's blocks have changed since the message was compiled.
        let isStale: Bool
    }

    /// The system message at the start of an agent's context; nil when the context starts with another message.
    static func head(of agent: ID<AgentState>, _ db: Transaction) throws -> Head? {
        try heads(where: "head.agent_id = \(agent)", db).first
    }

    /// The system messages among the given ones that start the context of their agent.
    static func heads(among messages: [ID<Message>], _ db: Transaction) throws -> [Head] {
        try messages.inStatements { messages in try heads(where: "head.id IN (\(list: messages))", db) }
    }

    /// A system message that a client sent is no head: it belongs to a run, and it is the client's.
    private static func heads(where condition: SQLText, _ db: Transaction) throws -> [Head] {
        let rows = try db.rows(
            """
            SELECT head.id, head.agent_id, head.compiled_from, agent_block.block_id, block.version
            FROM message AS head
            LEFT JOIN agent_block ON agent_block.organization_id = head.organization_id
                AND agent_block.agent_id = head.agent_id
            LEFT JOIN block ON block.organization_id = agent_block.organization_id
                AND block.id = agent_block.block_id
            WHERE head.organization_id = \(db.organization) AND \(condition) AND head.role = 'system'
                AND head.run_id IS NULL
                AND head.context_position IS NOT NULL AND head.context_position = (
                    SELECT MIN(other.context_position) FROM message AS other
                    WHERE other.organization_id = head.organization_id AND other.agent_id = head.agent_id
                        AND other.context_position IS NOT NULL)
            ORDER BY head.id, agent_block.position
            """)
        var heads: [Head] = []
        var rest = rows[...]
        while let first = rest.first {
            let message: ID<Message> = try first["id"]
            let own = try rest.prefix { try $0["id"] == message }
            rest = rest.dropFirst(own.count)
            let blocks = try own.compactMap { row -> (id: ID<Block>, version: Int)? in
                guard let id: ID<Block> = try row["block_id"] else { return nil }
                return (id, try row["version"])
            }
            let compiledFrom: String? = try first["compiled_from"]
            heads.append(
                Head(agent: try first["agent_id"], message: message, isStale: compiledFrom != source(blocks)))
        }
        return heads
    }

    /// The value of `compiled_from` for a message compiled from these blocks, in this order.
    static func source(_ blocks: [(id: ID<Block>, version: Int)]) -> String {
        blocks.map { "\($0.id):\($0.version)" }.joined(separator: " ")
    }

    /// Replaces the text of a message, which keeps its id and position.
    static func rewrite(
        _ message: ID<Message>, content: RawJSON, from blocks: [BlockRow], at time: Timestamp, _ db: Transaction
    ) throws {
        try db.execute(
            """
            UPDATE message SET content = \(content), updated_at = \(time),
                compiled_from = \(source(blocks.map { ($0.id, $0.version) }))
            WHERE organization_id = \(db.organization) AND id = \(message)
            """)
    }

    /// Has the system messages of the agents recompiled by their next readers.
    static func invalidate(of agents: [ID<AgentState>], _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE message SET compiled_from = NULL
            WHERE organization_id = \(db.organization) AND agent_id IN (\(list: agents)) AND role = 'system'
                AND run_id IS NULL AND context_position IS NOT NULL
            """)
    }

    /// Stores what a newly inserted message was compiled from.
    static func setSource(of message: ID<Message>, to blocks: [BlockRow], _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE message SET compiled_from = \(source(blocks.map { ($0.id, $0.version) }))
            WHERE organization_id = \(db.organization) AND id = \(message)
            """)
    }

    /// The number of messages in the context of each agent.
    static func contextSizes(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: Int] {
        let rows = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_id, COUNT(*) AS size FROM message
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: agents))
                    AND context_position IS NOT NULL
                GROUP BY agent_id
                """)
        }
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0["agent_id"], try $0["size"]) })
    }
}
