import LettaAPI
import Storage

/// Another server has accepted the same send since it was looked for.
struct RepeatedSend: Error {}

/// Table `send_key`: which run a send caused. Rows are kept for a day.
enum SendKeyStore {
    /// Looks once more for an earlier attempt of the send, with the agent's row locked: of two servers that get a send in the same
    /// moment, the second finds the run of the first. A server alone knows its sends at work.
    ///
    /// - Throws: ``RepeatedSend``.
    static func refuseRepeats(of request: TurnRequest, at time: Timestamp, _ db: Transaction) throws {
        let oldest = Timestamp(microseconds: time.microseconds - TurnService.eventRetention)
        let earlier = try run(of: request.keys.known, of: request.agent, after: oldest, db)
        if let earlier, earlier.id != request.earlierRun { throw RepeatedSend() }
    }

    /// The keys stand for `run` from now on.
    static func put(
        _ keys: [String], of agent: ID<AgentState>, run: ID<Run>, at time: Timestamp, _ db: Transaction
    ) throws {
        for key in keys {
            try db.execute(
                """
                INSERT INTO send_key (organization_id, agent_id, send_key, run_id, created_at)
                VALUES (\(db.organization), \(agent), \(key), \(run), \(time))
                ON CONFLICT (organization_id, agent_id, send_key)
                DO UPDATE SET run_id = excluded.run_id, created_at = excluded.created_at
                """)
        }
    }

    /// The newest run that one of the keys stands for.
    static func run(
        of keys: [String], of agent: ID<AgentState>, after time: Timestamp, _ db: Transaction
    ) throws -> Run? {
        guard !keys.isEmpty else { return nil }
        let id: ID<Run>? = try db.value(
            """
            SELECT run_id FROM send_key
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND send_key IN (\(list: keys))
                AND created_at > \(time)
            ORDER BY created_at DESC LIMIT 1
            """)
        return try id.flatMap { try RunStore.run($0, db) }
    }

    static func deleteExpired(before time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> Int {
        try db.execute(
            """
            DELETE FROM send_key WHERE (organization_id, agent_id, send_key) IN (
                SELECT organization_id, agent_id, send_key FROM send_key
                WHERE organization_id IN (SELECT id FROM organization) AND created_at < \(time)
                LIMIT \(limit) \(db.dialect.forUpdateSkipLocked))
            """)
    }
}
