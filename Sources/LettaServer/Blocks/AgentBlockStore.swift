import LettaAPI
import Storage

/// Table `agent_block`: which blocks an agent has, each under a label of its own.
enum AgentBlockStore {
    /// Attaches a block behind the others; nothing happens when it is attached already.
    ///
    /// - Throws: `SQLFailure` with `.uniqueViolation` when the agent has another block with the label.
    static func attach(_ block: ID<Block>, label: String, to agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO agent_block (organization_id, agent_id, block_id, label, position)
            SELECT \(db.organization), \(agent), \(block), \(label), COALESCE(MAX(position), -1) + 1
            FROM agent_block WHERE organization_id = \(db.organization) AND agent_id = \(agent)
            ON CONFLICT (organization_id, agent_id, block_id) DO NOTHING
            """)
    }

    /// - Returns: whether the block was attached.
    static func detach(_ block: ID<Block>, from agent: ID<AgentState>, _ db: Transaction) throws -> Bool {
        try db.execute(
            """
            DELETE FROM agent_block
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND block_id = \(block)
            """) > 0
    }

    static func detachAll(from agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM agent_block WHERE organization_id = \(db.organization) AND agent_id = \(agent)")
    }

    /// Whether an agent that has the block has another one under this label.
    static func isTaken(_ label: String, besides block: ID<Block>, _ db: Transaction) throws -> Bool {
        try db.row(
            """
            SELECT 1 FROM agent_block AS mine
            JOIN agent_block AS other ON other.organization_id = mine.organization_id
                AND other.agent_id = mine.agent_id AND other.label = \(label) AND other.block_id <> mine.block_id
            WHERE mine.organization_id = \(db.organization) AND mine.block_id = \(block)
            LIMIT 1
            """) != nil
    }

    /// Follows a block whose label changed.
    static func relabel(_ block: ID<Block>, as label: String, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE agent_block SET label = \(label)
            WHERE organization_id = \(db.organization) AND block_id = \(block)
            """)
    }

    static func agents(with block: ID<Block>, _ db: Transaction) throws -> [ID<AgentState>] {
        try db.rows(
            """
            SELECT agent_id FROM agent_block
            WHERE organization_id = \(db.organization) AND block_id = \(block) ORDER BY agent_id
            """
        ).map { try $0["agent_id"] }
    }

    /// The block that an agent has under a label.
    static func block(labelled label: String, of agent: ID<AgentState>, _ db: Transaction) throws -> ID<Block>? {
        try db.value(
            """
            SELECT block_id FROM agent_block
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND label = \(label)
            """)
    }

    /// The blocks of each of the agents, in the order of their attaching.
    static func blocks(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [BlockRow]] {
        var blocks: [ID<AgentState>: [BlockRow]] = [:]
        for row in try rows(of: agents, db) {
            blocks[try row["agent_id"], default: []].append(try BlockRow(row))
        }
        return blocks
    }

    /// The rows of ``blocks(of:in:_:)``, one agent after the other.
    static func rows(of agents: [ID<AgentState>], _ db: Transaction) throws -> [SQLRow] {
        try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_block.agent_id, \(BlockRow.columns) FROM agent_block
                JOIN block ON block.organization_id = agent_block.organization_id AND block.id = agent_block.block_id
                WHERE agent_block.organization_id = \(db.organization)
                    AND agent_block.agent_id IN (\(list: agents))
                ORDER BY agent_block.agent_id, agent_block.position
                """)
        }
    }
}
