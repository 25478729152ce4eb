import LettaAPI
import Storage

/// Table `agent_block`: the blocks of agents, each under a label that is unique within the agent.
enum AgentBlockStore {
    /// Attaches a block after the others; does nothing when it is attached already.
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

    /// What stands in a row of the table.
    struct Attachment: Sendable {
        let agent: ID<AgentState>
        let block: ID<Block>
        let label: String
        let position: Int
    }

    static func attachments(of agents: [ID<AgentState>], _ db: Transaction) throws -> [Attachment] {
        try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_id, block_id, label, position FROM agent_block
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: agents))
                """)
        }.map {
            Attachment(
                agent: try $0["agent_id"], block: try $0["block_id"], label: try $0["label"],
                position: try $0["position"])
        }
    }

    static func insert(_ attachments: [Attachment], _ db: Transaction) throws {
        for attachments in attachments.chunks(binding: 5) {
            let tuples = attachments.map { one -> SQLText in
                "(\(db.organization), \(one.agent), \(one.block), \(one.label), \(one.position))"
            }
            try db.execute(
                """
                INSERT INTO agent_block (organization_id, agent_id, block_id, label, position)
                VALUES \(SQLText.joined(tuples, separator: ", "))
                """)
        }
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

    /// Whether an agent that has the block has another block with this label.
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

    /// Updates the label of a relabelled block.
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

    /// The block with a label of an agent.
    static func block(labelled label: String, of agent: ID<AgentState>, _ db: Transaction) throws -> ID<Block>? {
        try db.value(
            """
            SELECT block_id FROM agent_block
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND label = \(label)
            """)
    }

    /// The blocks of each agent in the order of attachment.
    static func blocks(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [BlockRow]] {
        var blocks: [ID<AgentState>: [BlockRow]] = [:]
        for row in try rows(of: agents, db) {
            blocks[try row["agent_id"], default: []].append(try BlockRow(row))
        }
        return blocks
    }

    /// The result rows of the agents' blocks, grouped by agent.
    static func rows(of agents: [ID<AgentState>], _ db: Transaction) throws -> [SQLRow] {
        try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_block.agent_id, \(BlockStore.table.columns) FROM agent_block
                JOIN block ON block.organization_id = agent_block.organization_id AND block.id = agent_block.block_id
                WHERE agent_block.organization_id = \(db.organization)
                    AND agent_block.agent_id IN (\(list: agents))
                ORDER BY agent_block.agent_id, agent_block.position
                """)
        }
    }

    /// The condition that an agent in a list has the block.
    static func isAttached(_ block: ID<Block>, _ db: Transaction) -> SQLText {
        """
        EXISTS (SELECT 1 FROM agent_block
                WHERE agent_block.organization_id = \(db.organization) AND agent_block.block_id = \(block)
                    AND agent_block.agent_id = agent.id)
        """
    }
}
