import LettaAPI
import Storage

/// Tables `server`, `server_leader` and `turn_claim` of a PostgreSQL database that several servers share. Times are the
/// database's, in microseconds, because the clocks of the servers may differ.
enum ServerStore {
    /// Silent for that long, a server is taken for dead, in microseconds.
    static let longestSilence: Int64 = 10_000_000
    /// Silent for that long and without its session, a server is taken for dead, in microseconds.
    private static let longestAbsence: Int64 = 3_000_000
    private static let now: SQLText = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"

    /// The lock that a server holds as long as its process has a connection.
    static func lockName(of id: String) -> String { "letta-server \(id)" }

    static func insert(_ id: String, address: String, version: String, _ db: any SQLExecutor) throws {
        try db.execute(
            """
            INSERT INTO server (id, address, version, started_at, seen_at)
            VALUES (\(id), \(address), \(version), \(now), \(now))
            """)
    }

    static func delete(_ id: String, _ db: any SQLExecutor) throws {
        try db.execute("DELETE FROM server WHERE id = \(id)")
    }

    /// Names the server in the transaction, and keeps its row until the transaction ends.
    ///
    /// - Throws: `FencedServer` when another server has removed the row.
    static func enter(_ id: String, _ db: any SQLExecutor) throws {
        let row = try db.row("SELECT set_config('letta.server', id, true) FROM server WHERE id = \(id) FOR KEY SHARE")
        guard row != nil else { throw FencedServer() }
    }

    static func beat(_ id: String, _ db: any SQLExecutor) throws {
        try db.execute("UPDATE server SET seen_at = \(now) WHERE id = \(id)")
    }

    /// Removes the servers that are dead, with their claims and their lead.
    ///
    /// - Parameter isStarting: whether the absence of a session alone shows that a server is dead.
    /// - Returns: their ids.
    static func deleteDead(besides id: String, isStarting: Bool, _ db: any SQLExecutor) throws -> [String] {
        let absence = isStarting ? 0 : longestAbsence
        return try db.rows(
            """
            DELETE FROM server WHERE id <> \(id) AND (
                seen_at < \(now) - \(longestSilence)
                OR (seen_at <= \(now) - \(absence)
                    AND pg_try_advisory_xact_lock(hashtextextended('letta-server ' || id, 6073214521987))))
            RETURNING id
            """
        ).map { try $0["id"] }
    }

    /// - Returns: whether the server leads now.
    static func lead(_ id: String, _ db: any SQLExecutor) throws -> Bool {
        try db.execute("INSERT INTO server_leader (place, server_id) VALUES (1, \(id)) ON CONFLICT (place) DO NOTHING")
        return try db.value("SELECT server_id FROM server_leader") == id
    }

    // MARK: Turns

    /// Gives the server the turn of an agent or a conversation, if no other server has it.
    ///
    /// - Returns: the run of the server that has it; nil when the server has got it.
    static func claim(
        _ subject: String, for run: ID<Run>, by id: String, _ db: Transaction
    ) throws -> ID<Run>? {
        let isClaimed = try db.execute(
            """
            INSERT INTO turn_claim (organization_id, subject_id, run_id, server_id)
            VALUES (\(db.organization), \(subject), \(run), \(id))
            ON CONFLICT (organization_id, subject_id) DO UPDATE SET run_id = excluded.run_id
            WHERE turn_claim.server_id = excluded.server_id
            """)
        guard isClaimed == 0 else { return nil }
        return try db.value(
            """
            SELECT run_id FROM turn_claim WHERE organization_id = \(db.organization) AND subject_id = \(subject)
            """) ?? run
    }

    static func release(_ subject: String, by id: String, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM turn_claim
            WHERE organization_id = \(db.organization) AND subject_id = \(subject) AND server_id = \(id)
            """)
    }

    /// Asks the servers of an agent's unfinished runs to cancel them.
    ///
    /// - Returns: the runs that have been asked for.
    static func requestCancel(
        of agent: ID<AgentState>, in conversation: ID<Conversation>?, ownThread: Bool, only runs: [String]?,
        at time: Timestamp, _ db: Transaction
    ) throws -> [ID<Run>] {
        let thread: SQLText =
            if let conversation {
                "conversation_id = \(conversation)"
            } else {
                ownThread ? "conversation_id IS NULL" : "1 = 1"
            }
        let named: SQLText = runs.map { $0.isEmpty ? "1 = 0" : "id IN (\(list: $0))" } ?? "1 = 1"
        return try requestCancel(where: "agent_id = \(agent) AND \(thread) AND \(named)", at: time, db)
    }

    /// Asks the servers of unfinished runs to cancel them.
    static func requestCancel(of runs: [ID<Run>], at time: Timestamp, _ db: Transaction) throws {
        guard !runs.isEmpty else { return }
        _ = try requestCancel(where: "id IN (\(list: runs))", at: time, db)
    }

    private static func requestCancel(
        where condition: SQLText, at time: Timestamp, _ db: Transaction
    ) throws -> [ID<Run>] {
        let asked = try db.rows(
            """
            UPDATE run SET cancel_requested_at = \(time)
            WHERE organization_id = \(db.organization) AND status IN ('created', 'running')
                AND server_id IS NOT NULL AND \(condition)
            RETURNING id, server_id
            """
        ).map { row -> (run: ID<Run>, server: String) in (try row["id"], try row["server_id"]) }
        for (run, server) in asked { try tell(server, .cancel(run), db) }
        return asked.map(\.run)
    }

    /// The runs of a server that others want cancelled.
    static func cancelRequests(to id: String, _ db: any SQLExecutor) throws -> [ID<Run>] {
        try db.rows(
            """
            SELECT id FROM run WHERE server_id = \(id) AND status IN ('created', 'running')
                AND cancel_requested_at IS NOT NULL
            """
        ).map { try $0["id"] }
    }

    // MARK: Messages

    /// Says something to a server, once the transaction is committed.
    static func tell(_ server: String, _ message: ServerMessage, _ db: any SQLExecutor) throws {
        try db.execute("SELECT pg_notify(\(lockName(of: server)), \(message.text))")
    }

    /// Says something to all servers but one.
    static func tellAll(besides id: String, _ message: ServerMessage, _ db: any SQLExecutor) throws {
        for server in try others(than: id, db) { try tell(server, message, db) }
    }

    static func others(than id: String, _ db: any SQLExecutor) throws -> [String] {
        try db.rows("SELECT id FROM server WHERE id <> \(id)").map { try $0["id"] }
    }

    /// Asks the server that has a run to tell another one of its events.
    static func follow(_ run: ID<Run>, by server: String, _ db: Transaction) throws {
        let owner: String? = try db.value(
            "SELECT server_id FROM run WHERE organization_id = \(db.organization) AND id = \(run)")
        if let owner, owner != server { try tell(owner, .follow(run, by: server), db) }
    }

    /// Whether a server other than `server` has an unfinished run at work.
    static func hasAnother(_ run: ID<Run>, than server: String, _ db: Transaction) throws -> Bool {
        try db.row(
            """
            SELECT 1 FROM run JOIN server ON server.id = run.server_id
            WHERE run.organization_id = \(db.organization) AND run.id = \(run) AND run.server_id <> \(server)
                AND run.status IN ('created', 'running')
            """) != nil
    }

    // MARK: Agents that wait for agents

    /// Notes that a turn of `sender` waits for an answer of `agent`, unless that one waits for `sender`.
    ///
    /// - Returns: whether it may wait.
    static func beginWait(_ wait: AgentWait, _ db: Transaction) throws -> Bool {
        // One at a time, so that each sees those before it.
        try db.execute("SELECT pg_advisory_xact_lock(hashtextextended('letta-agent-waits', 6073214521987))")
        var (open, seen) = ([wait.agent], Set([wait.agent]))
        while !open.isEmpty {
            if open.contains(wait.sender) { return false }
            let next: [ID<AgentState>] = try db.rows(
                """
                SELECT DISTINCT waits_for_id FROM agent_wait
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: open))
                """
            ).map { try $0["waits_for_id"] }
            open = next.filter { seen.insert($0).inserted }
        }
        try db.execute(
            """
            INSERT INTO agent_wait (organization_id, id, agent_id, waits_for_id)
            VALUES (\(db.organization), \(wait.id), \(wait.sender), \(wait.agent))
            """)
        return true
    }

    static func endWait(_ wait: AgentWait, _ db: Transaction) throws {
        try db.execute("DELETE FROM agent_wait WHERE organization_id = \(db.organization) AND id = \(wait.id)")
    }

    /// The servers, the oldest first, and how many turns each of them has.
    static func list(_ db: any SQLExecutor) throws -> [ServerStatus] {
        try db.rows(
            """
            SELECT server.id, server.address, server.version, server.started_at, \(now) - server.seen_at AS silence,
                (SELECT COUNT(*) FROM turn_claim WHERE turn_claim.server_id = server.id) AS turns,
                EXISTS (SELECT 1 FROM server_leader WHERE server_leader.server_id = server.id) AS leads
            FROM server ORDER BY server.started_at, server.id
            """
        ).map { row in
            ServerStatus(
                id: try row["id"], address: try row["address"], version: try row["version"],
                startedAt: try row["started_at"], silenceMs: try row["silence"] as Int / 1_000, turns: try row["turns"],
                leads: try row["leads"])
        }
    }
}
