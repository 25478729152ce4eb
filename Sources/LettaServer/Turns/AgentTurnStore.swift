import LettaAPI
import Storage

/// What turns change of their agent: a few columns of a long row with many indexes.
enum AgentTurnStore {
    /// Takes the next `count` places behind the agent's messages. The row is kept from changing until the transaction
    /// ends.
    ///
    /// - Returns: the first of the places; nil when there is no such agent.
    static func takePositions(
        _ count: Int, of agent: ID<AgentState>, in scope: Scope, _ db: any SQLExecutor
    ) throws -> Int? {
        let next: Int? = try db.value(
            """
            UPDATE agent SET next_message_position = next_message_position + \(count)
            WHERE organization_id = \(scope.organization) AND id = \(agent)
            RETURNING next_message_position
            """)
        return next.map { $0 - count }
    }

    /// Notes when the agent's last run ended, and how.
    static func setLastRun(
        _ run: Run, of agent: ID<AgentState>, at time: Timestamp, in scope: Scope, _ db: any SQLExecutor
    ) throws {
        try db.execute(
            """
            UPDATE agent SET last_run_completion = \(time), last_stop_reason = \(run.stopReason?.rawValue),
                last_run_duration_ms = \(run.totalDuration.map { $0 / 1_000_000 })
            WHERE organization_id = \(scope.organization) AND id = \(agent)
            """)
    }
}
