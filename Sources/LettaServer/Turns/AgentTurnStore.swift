import LettaAPI
import Storage

/// What turns change of their agent: a few columns of a long row with many indexes.
enum AgentTurnStore {
    /// Takes the next `count` places behind the agent's messages, and notes how `run` ended, if it has. The row is kept
    /// from changing until the transaction ends.
    ///
    /// - Returns: the first of the places; nil when there is no such agent.
    static func takePositions(
        _ count: Int, of agent: ID<AgentState>, ending run: Run? = nil, _ db: Transaction
    ) throws -> Int? {
        let end: SQLText = if let run { ", \(lastRun(run))" } else { "" }
        let next: Int? = try db.value(
            """
            UPDATE agent SET next_message_position = next_message_position + \(count)\(end)
            WHERE organization_id = \(db.organization) AND id = \(agent)
            RETURNING next_message_position
            """)
        return next.map { $0 - count }
    }

    /// Notes when the agent's last run ended, and how.
    static func setLastRun(_ run: Run, of agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE agent SET \(lastRun(run))
            WHERE organization_id = \(db.organization) AND id = \(agent)
            """)
    }

    private static func lastRun(_ run: Run) -> SQLText {
        """
        last_run_completion = \(run.completedAt), last_stop_reason = \(run.stopReason?.rawValue),
        last_run_duration_ms = \(run.totalDuration.map { $0 / 1_000_000 })
        """
    }
}
