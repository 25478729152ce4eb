import LettaAPI
import Storage

/// A row of table `scheduled_message`.
struct ScheduleRow: Codable, Sendable {
    var id: ID<ScheduledMessage>
    var agentID: ID<AgentState>
    var message: Document<ScheduledMessages>
    var schedule: MessageSchedule
    var nextScheduledTime: Timestamp?
    /// In whose name the messages are sent.
    var userID: String
    /// To which key they are counted.
    var keyID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    func wire() throws -> ScheduledMessage {
        var wire = ScheduledMessage(id: id, agentID: agentID, message: try message.content(), schedule: schedule)
        wire.nextScheduledTime = nextScheduledTime
        return wire
    }
}

/// Table `scheduled_message`.
enum ScheduleStore {
    static let table = Table<ScheduleRow>("scheduled_message")

    /// A schedule whose time has come.
    struct Due: Sendable {
        let organization: String
        let row: ScheduleRow
    }

    /// - Parameter agent: whose; nil for all agents.
    static func page(
        of agent: ID<AgentState>?, _ query: ListSchedules, _ db: Transaction
    ) throws -> Page<ScheduledMessage> {
        try db.page(
            table, query, defaultLimit: 50, order: .oldestFirst, where: [agent.map { "agent_id = \($0)" }]
        ).map { try $0.wire() }
    }

    static func row(_ id: ID<ScheduledMessage>, of agent: ID<AgentState>, _ db: Transaction) throws -> ScheduleRow? {
        try db.fetchAll(table, where: "id = \(id) AND agent_id = \(agent)").first
    }

    /// The schedules of all organizations that are due, the oldest first.
    static func due(at time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> [Due] {
        try db.rows(
            """
            SELECT organization_id, \(table.columns) FROM scheduled_message WHERE next_scheduled_time <= \(time)
            ORDER BY next_scheduled_time LIMIT \(limit)
            """
        ).map { Due(organization: try $0["organization_id"], row: try table.row($0)) }
    }

    /// When the next schedule of any organization is due; nil for none.
    static func nextTime(_ db: any SQLExecutor) throws -> Timestamp? {
        try db.value(
            "SELECT MIN(next_scheduled_time) FROM scheduled_message WHERE next_scheduled_time IS NOT NULL")
    }

    /// Sets the next time of a schedule that is due at `time`.
    ///
    /// - Parameter run: what is made of it now; nil when this time is skipped.
    /// - Returns: false when somebody else did, or deleted it.
    static func advance(
        _ id: ID<ScheduledMessage>, from time: Timestamp?, to next: Timestamp?, run: ID<Run>?, at now: Timestamp,
        _ db: Transaction
    ) throws -> Bool {
        try db.execute(
            """
            UPDATE scheduled_message SET next_scheduled_time = \(next), updated_at = \(now),
                last_run_id = \(run), last_scheduled_time = \(time)
            WHERE organization_id = \(db.organization) AND id = \(id) AND next_scheduled_time = \(time)
            """) > 0
    }

    /// Makes a schedule due again whose run was stored and ended by the server before it began, and deletes that run.
    ///
    /// - Returns: false for a run that has begun, or that is of no schedule.
    static func takeBack(_ run: ID<Run>, _ db: Transaction) throws -> Bool {
        // A turn begins by storing its messages.
        let isTaken =
            try db.execute(
                """
                UPDATE scheduled_message SET next_scheduled_time = last_scheduled_time, last_run_id = NULL
                WHERE organization_id = \(db.organization) AND last_run_id = \(run)
                    AND NOT EXISTS (
                        SELECT 1 FROM message
                        WHERE message.organization_id = scheduled_message.organization_id
                            AND message.run_id = scheduled_message.last_run_id)
                """) > 0
        if isTaken { try RunStore.delete(run, db) }
        return isTaken
    }
}
