import LettaAPI
import Storage

/// Table `group_run`: the turns that agents took in a group, in their order.
enum GroupRunStore {
    /// Appends a turn.
    ///
    /// - Parameters:
    ///   - showsInput: whether it was the first to get the user's messages.
    ///   - isShown: whether what the agent says belongs to the conversation.
    static func insert(
        _ run: Run, of group: ID<Group>, showsInput: Bool, isShown: Bool, _ db: Transaction
    ) throws {
        try db.execute(
            """
            INSERT INTO group_run (organization_id, group_id, position, run_id, agent_id, shows_input, is_shown)
            SELECT \(db.organization), \(group), COALESCE(MAX(position), -1) + 1, \(run.id), \(run.agentID),
                \(showsInput), \(isShown)
            FROM group_run WHERE organization_id = \(db.organization) AND group_id = \(group)
            """)
    }

    /// Whether a message belongs to the conversation: the messages that pass on what others said have the group as their
    /// sender.
    private static let isSaid: SQLText = """
        (message.role IN ('assistant', 'tool') AND group_run.is_shown
            OR message.role = 'user' AND group_run.shows_input
                AND (message.sender_id IS NULL OR message.sender_id <> group_run.group_id))
        """

    private static func said(in group: ID<Group>, _ db: Transaction) -> SQLText {
        """
        FROM group_run
        JOIN message ON message.organization_id = group_run.organization_id AND message.run_id = group_run.run_id
        WHERE group_run.organization_id = \(db.organization) AND group_run.group_id = \(group) AND \(isSaid)
        """
    }

    /// Whether a message is of a turn that its agent took in a group.
    static func isSaid(in group: ID<Group>, _ db: Transaction) -> SQLText {
        """
        message.run_id IN (
            SELECT run_id FROM group_run WHERE organization_id = \(db.organization) AND group_id = \(group))
        """
    }

    /// A page of the conversation.
    static func page(of group: ID<Group>, _ request: PageRequest, _ db: Transaction) throws -> Page<MessageRow> {
        func key(_ id: String?) throws -> [SQLValue]? {
            guard let id else { return nil }
            return try db.row(
                """
                SELECT group_run.position AS turn, message.position AS place FROM message
                JOIN group_run ON group_run.organization_id = message.organization_id
                    AND group_run.run_id = message.run_id
                WHERE message.organization_id = \(db.organization) AND message.id = \(id)
                    AND group_run.group_id = \(group)
                """
            ).map { [try $0["turn"], try $0["place"]] }
        }
        let keyset = Keyset(
            columns: ["group_run.position", "message.position"], request: request, after: try key(request.after),
            before: try key(request.before))
        let rows = try db.rows(
            "SELECT \(MessageRow.columns) \(said(in: group, db))\(keyset.conditions)\(keyset.ending)")
        return try keyset.page(rows.map { try MessageRow($0) }) { $0.id.rawValue }
    }

    /// What users and agents said since an agent's last turn in the group, in order: the last `limit` messages.
    static func unseen(
        by agent: ID<AgentState>, in group: ID<Group>, limit: Int, _ db: Transaction
    ) throws -> [MessageRow] {
        let last: Int? = try db.value(
            """
            SELECT MAX(position) FROM group_run
            WHERE organization_id = \(db.organization) AND group_id = \(group) AND agent_id = \(agent)
            """)
        return try db.rows(
            """
            SELECT \(MessageRow.columns) \(said(in: group, db))
                AND group_run.position > \(last ?? -1) AND message.role IN ('user', 'assistant')
            ORDER BY group_run.position DESC, message.position DESC LIMIT \(limit)
            """
        ).map { try MessageRow($0) }.reversed()
    }

    /// Where a conversation stopped because an agent waits for a client.
    struct Pause: Sendable {
        var waiting: WaitingApproval
        /// The turns that had ended since the user's last message.
        var turns: Int
    }

    /// Nil when no agent waits in a turn of the group.
    static func pause(of group: ID<Group>, _ db: Transaction) throws -> Pause? {
        let table = WaitingApprovalStore.table
        let waiting = try db.row(
            """
            SELECT \(table.columns) FROM group_run
            JOIN waiting_approval ON waiting_approval.organization_id = group_run.organization_id
                AND waiting_approval.run_id = group_run.run_id AND waiting_approval.agent_id = group_run.agent_id
            WHERE group_run.organization_id = \(db.organization) AND group_run.group_id = \(group)
                AND waiting_approval.conversation_id IS NULL
            ORDER BY group_run.position DESC LIMIT 1
            """
        ).map { try table.row($0) }
        guard let waiting else { return nil }
        // A turn may take several runs; each but the last of them stopped at an approval.
        let turns: Int? = try db.value(
            """
            SELECT COUNT(*) FROM group_run
            JOIN run ON run.organization_id = group_run.organization_id AND run.id = group_run.run_id
            WHERE group_run.organization_id = \(db.organization) AND group_run.group_id = \(group)
                AND run.stop_reason <> 'requires_approval'
                AND group_run.position >= (
                    SELECT MAX(position) FROM group_run AS first
                    WHERE first.organization_id = \(db.organization) AND first.group_id = \(group)
                        AND first.shows_input)
            """)
        return Pause(waiting: waiting, turns: turns ?? 0)
    }

    /// Forgets the conversation: its messages leave the contexts of the agents.
    static func deleteAll(of group: ID<Group>, _ db: Transaction) throws {
        let runs: SQLText = """
            SELECT run_id FROM group_run WHERE organization_id = \(db.organization) AND group_id = \(group)
            """
        try db.execute(
            """
            UPDATE message SET context_position = NULL, left_position = (
                SELECT agent.next_message_position FROM agent
                WHERE agent.organization_id = message.organization_id AND agent.id = message.agent_id)
            WHERE organization_id = \(db.organization) AND run_id IN (\(runs)) AND context_position IS NOT NULL
            """)
        try db.execute(
            "DELETE FROM group_run WHERE organization_id = \(db.organization) AND group_id = \(group)")
    }
}
