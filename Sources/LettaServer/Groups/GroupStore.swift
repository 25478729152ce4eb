import LettaAPI
import Storage

/// Tables `agent_group` and `agent_group_member`.
enum GroupStore {
    private static let columns: SQLText = """
        agent_group.id, agent_group.manager_type, agent_group.manager_agent_id, agent_group.description,
        agent_group.sleeptime_agent_frequency, agent_group.turns_counter, agent_group.last_processed_message_id,
        agent_group.termination_token, agent_group.max_turns, agent_group.max_message_buffer_length,
        agent_group.min_message_buffer_length, agent_group.hidden
        """

    static func insert(_ group: Group, at time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO agent_group (
                organization_id, id, project_id, manager_type, manager_agent_id, description,
                sleeptime_agent_frequency, turns_counter, last_processed_message_id, termination_token, max_turns,
                max_message_buffer_length, min_message_buffer_length, hidden, created_at, updated_at)
            VALUES (
                \(db.organization), \(group.id), \(db.project), \(group.managerType.rawValue),
                \(group.managerAgentID), \(group.description), \(group.sleeptimeAgentFrequency),
                \(group.turnsCounter), \(group.lastProcessedMessageID), \(group.terminationToken), \(group.maxTurns),
                \(group.maxMessageBufferLength), \(group.minMessageBufferLength), \(group.hidden), \(time), \(time))
            """)
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
        guard !agents.isEmpty else { return [:] }
        let rows = try db.rows(
            """
            SELECT \(columns) FROM agent_group
            WHERE organization_id = \(db.organization) AND manager_agent_id IN (\(list: agents))
            ORDER BY manager_agent_id, created_at, id
            """)
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
            SELECT \(columns) FROM agent_group
            JOIN agent_group_member AS mine ON mine.organization_id = agent_group.organization_id
                AND mine.group_id = agent_group.id
            WHERE mine.organization_id = \(db.organization) AND mine.agent_id = \(agent)
            ORDER BY agent_group.created_at, agent_group.id
            """)
        return try complete(rows, db)
    }

    /// Adds the members to rows of groups, with one query for all.
    private static func complete(_ rows: [SQLRow], _ db: Transaction) throws -> [Group] {
        let ids = try rows.map { row -> ID<Group> in try row["id"] }
        guard !ids.isEmpty else { return [] }
        var members: [ID<Group>: [ID<AgentState>]] = [:]
        let memberRows = try db.rows(
            """
            SELECT group_id, agent_id FROM agent_group_member
            WHERE organization_id = \(db.organization) AND group_id IN (\(list: ids))
            ORDER BY group_id, position
            """)
        for row in memberRows { members[try row["group_id"], default: []].append(try row["agent_id"]) }
        return try rows.map { try group($0, members: members) }
    }

    private static func group(_ row: SQLRow, members: [ID<Group>: [ID<AgentState>]]) throws -> Group {
        guard let type = Group.ManagerType(rawValue: try row["manager_type"]) else {
            throw SQLFailure(.decoding, "unknown manager type")
        }
        let id: ID<Group> = try row["id"]
        var group = Group(
            id: id, managerType: type, managerAgentID: try row["manager_agent_id"], agentIDs: members[id] ?? [],
            description: try row["description"])
        group.sleeptimeAgentFrequency = try row["sleeptime_agent_frequency"]
        group.turnsCounter = try row["turns_counter"]
        group.lastProcessedMessageID = try row["last_processed_message_id"]
        group.terminationToken = try row["termination_token"]
        group.maxTurns = try row["max_turns"]
        group.maxMessageBufferLength = try row["max_message_buffer_length"]
        group.minMessageBufferLength = try row["min_message_buffer_length"]
        group.hidden = try row["hidden"]
        return group
    }
}
