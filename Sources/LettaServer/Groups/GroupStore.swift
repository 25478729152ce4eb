import JSON
import LettaAPI
import Storage

/// Tables `agent_group`, `agent_group_member` and `agent_group_block`.
enum GroupStore {
    /// Without members and blocks, which ``complete(_:_:)`` adds.
    static let table = Table<Stored<Group>>(
        "agent_group", without: ["agent_ids": [], "shared_block_ids": []])

    static func insert(_ group: Group, at time: Timestamp, _ db: Transaction) throws {
        try db.insert(Stored(group, at: time), into: table)
        try insertMembers(of: group, db)
        try insertBlocks(of: group, db)
    }

    /// Writes the group, and its members and blocks where they differ from those of `old`.
    static func update(_ row: Stored<Group>, from old: Group, _ db: Transaction) throws {
        try db.update(row, in: table)
        if row.wire.agentIDs != old.agentIDs {
            try db.execute(
                "DELETE FROM agent_group_member WHERE organization_id = \(db.organization) AND group_id = \(row.id)")
            try insertMembers(of: row.wire, db)
        }
        if row.wire.sharedBlockIDs != old.sharedBlockIDs {
            try db.execute(
                "DELETE FROM agent_group_block WHERE organization_id = \(db.organization) AND group_id = \(row.id)")
            try insertBlocks(of: row.wire, db)
        }
    }

    private static func insertMembers(of group: Group, _ db: Transaction) throws {
        try insert(group.agentIDs, as: "agent_id", into: "agent_group_member", of: group.id, db)
    }

    private static func insertBlocks(of group: Group, _ db: Transaction) throws {
        try insert(group.sharedBlockIDs, as: "block_id", into: "agent_group_block", of: group.id, db)
    }

    private static func insert<Noun>(
        _ ids: [ID<Noun>], as column: SQLText, into table: SQLText, of group: ID<Group>, _ db: Transaction
    ) throws {
        for rows in Array(ids.enumerated()).chunks(binding: 4) {
            let tuples = rows.map { position, id -> SQLText in
                "(\(db.organization), \(group), \(id), \(position))"
            }
            try db.execute(
                """
                INSERT INTO \(table) (organization_id, group_id, \(column), position)
                VALUES \(SQLText.joined(tuples, separator: ", "))
                """)
        }
    }

    // MARK: Blocks

    /// Adds a block after the others; does nothing when it is there already.
    static func attach(_ block: ID<Block>, to group: ID<Group>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO agent_group_block (organization_id, group_id, block_id, position)
            SELECT \(db.organization), \(group), \(block), COALESCE(MAX(position), -1) + 1
            FROM agent_group_block WHERE organization_id = \(db.organization) AND group_id = \(group)
            ON CONFLICT (organization_id, group_id, block_id) DO NOTHING
            """)
    }

    static func detach(_ block: ID<Block>, from group: ID<Group>, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM agent_group_block
            WHERE organization_id = \(db.organization) AND group_id = \(group) AND block_id = \(block)
            """)
    }

    /// Detaches the blocks from the agents, but for those that a group shares with them.
    static func detachUnshared(_ blocks: [ID<Block>], from agents: [ID<AgentState>], _ db: Transaction) throws {
        for agents in agents.chunks() where !blocks.isEmpty {
            try db.execute(
                """
                DELETE FROM agent_block
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: agents))
                    AND block_id IN (\(list: blocks))
                    AND NOT EXISTS (
                        SELECT 1 FROM agent_group_block AS shared
                        JOIN agent_group_member AS member ON member.organization_id = shared.organization_id
                            AND member.group_id = shared.group_id
                        WHERE shared.organization_id = agent_block.organization_id
                            AND shared.block_id = agent_block.block_id AND member.agent_id = agent_block.agent_id)
                    AND NOT EXISTS (
                        SELECT 1 FROM agent_group_block AS shared
                        JOIN agent_group ON agent_group.organization_id = shared.organization_id
                            AND agent_group.id = shared.group_id
                        WHERE shared.organization_id = agent_block.organization_id
                            AND shared.block_id = agent_block.block_id
                            AND agent_group.manager_agent_id = agent_block.agent_id)
                """)
        }
    }

    // MARK: Reading

    /// A page of the groups that are not hidden.
    static func page(_ query: ListGroups, _ db: Transaction) throws -> Page<Group> {
        let page = try db.page(
            table, query, order: .oldestFirst,
            where: [
                "(hidden IS NULL OR NOT hidden)", query.managerType.map { "manager_type = \($0.rawValue)" },
                (query.projectID ?? db.project).map { "project_id = \($0)" },
            ])
        return page.replacing(with: try complete(page.items, db))
    }

    static func group(of row: Stored<Group>, _ db: Transaction) throws -> Group {
        try complete([row], db)[0]
    }

    /// The newest group that each of the agents manages.
    static func managed(by agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: Group] {
        let rows = try agents.inStatements { agents in
            try db.fetchAll(
                table, where: "manager_agent_id IN (\(list: agents))", orderBy: "manager_agent_id, created_at, id")
        }
        var groups: [ID<AgentState>: Group] = [:]
        for group in try complete(rows, db) {
            if let manager = group.managerAgentID { groups[manager] = group }
        }
        return groups
    }

    /// The groups in which an agent has sleep-time companions.
    static func sleeptimeGroups(managedBy agent: ID<AgentState>, _ db: Transaction) throws -> [ID<Group>] {
        try db.rows(
            """
            SELECT id FROM agent_group
            WHERE organization_id = \(db.organization) AND manager_agent_id = \(agent)
                AND manager_type IN ('sleeptime', 'voice_sleeptime')
            ORDER BY created_at, id
            """
        ).map { try $0["id"] }
    }

    /// Stores how many turns the manager took, and which of its messages the companions have read.
    static func setProgress(of group: ID<Group>, turns: Int?, last: ID<Message>?, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE agent_group SET turns_counter = \(turns), last_processed_message_id = \(last)
            WHERE organization_id = \(db.organization) AND id = \(group)
            """)
    }

    /// The groups that an agent is a member of, oldest first.
    static func groups(with agent: ID<AgentState>, _ db: Transaction) throws -> [Group] {
        let rows = try db.rows(
            """
            SELECT \(table.columns) FROM agent_group
            JOIN agent_group_member AS mine ON mine.organization_id = agent_group.organization_id
                AND mine.group_id = agent_group.id
            WHERE mine.organization_id = \(db.organization) AND mine.agent_id = \(agent)
            ORDER BY agent_group.created_at, agent_group.id
            """)
        return try complete(rows.map(table.row), db)
    }

    /// The groups with their members and blocks.
    static func complete(_ rows: [Stored<Group>], _ db: Transaction) throws -> [Group] {
        let ids = rows.map(\.id)
        let members: [ID<Group>: [ID<AgentState>]] = try related("agent_group_member", "agent_id", of: ids, db)
        let blocks: [ID<Group>: [ID<Block>]] = try related("agent_group_block", "block_id", of: ids, db)
        return rows.map { row in
            var group = row.wire
            group.agentIDs = members[row.id] ?? []
            group.sharedBlockIDs = blocks[row.id] ?? []
            return group
        }
    }

    private static func related<Noun>(
        _ table: SQLText, _ column: SQLText, of groups: [ID<Group>], _ db: Transaction
    ) throws -> [ID<Group>: [ID<Noun>]] {
        let rows = try groups.inStatements { groups in
            try db.rows(
                """
                SELECT group_id, \(column) AS related_id FROM \(table)
                WHERE organization_id = \(db.organization) AND group_id IN (\(list: groups))
                ORDER BY group_id, position
                """)
        }
        var ids: [ID<Group>: [ID<Noun>]] = [:]
        for row in rows { ids[try row["group_id"], default: []].append(try row["related_id"]) }
        return ids
    }
}
