import JSON
import LettaAPI
import Storage

/// Tables `agent_group` and `agent_group_member`.
enum GroupStore {
    /// Without members, which ``complete(_:_:)`` adds.
    static let table = Table<Stored<Group>>(
        "agent_group",
        without: [
            "agent_ids": [], "shared_block_ids": [], "template_id": nil, "base_template_id": nil, "deployment_id": nil,
        ])

    static func insert(_ group: Group, at time: Timestamp, _ db: Transaction) throws {
        var row = Stored(group, at: time)
        row.projectID = db.project
        try db.insert(row, into: table)
        for (position, agent) in group.agentIDs.enumerated() {
            try db.execute(
                """
                INSERT INTO agent_group_member (organization_id, group_id, agent_id, position)
                VALUES (\(db.organization), \(group.id), \(agent), \(position))
                """)
        }
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

    /// The groups with their members, in one query.
    private static func complete(_ rows: [Stored<Group>], _ db: Transaction) throws -> [Group] {
        let memberRows = try rows.map(\.id).inStatements { ids in
            try db.rows(
                """
                SELECT group_id, agent_id FROM agent_group_member
                WHERE organization_id = \(db.organization) AND group_id IN (\(list: ids))
                ORDER BY group_id, position
                """)
        }
        var members: [ID<Group>: [ID<AgentState>]] = [:]
        for row in memberRows { members[try row["group_id"], default: []].append(try row["agent_id"]) }
        return rows.map { row in
            var group = row.wire
            group.agentIDs = members[row.id] ?? []
            return group
        }
    }
}
