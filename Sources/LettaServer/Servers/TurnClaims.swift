import LettaAPI
import Logging
import Storage

/// The right to run a turn of an agent or a conversation among the servers that share a database. Where one server uses the
/// database, its own lines are enough, and nothing is claimed.
struct TurnClaims: Sendable {
    let core: Core
    private static let pause = Duration.milliseconds(100)

    /// Waits until no other server runs a turn of `subject`.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    func wait(for subject: String, run: ID<Run>, as scope: Scope) async throws {
        while try await claim(subject, run: run, as: scope) != nil {
            try await core.clock.sleep(for: Self.pause)
        }
    }

    /// - Returns: the run that another server has at work; nil when the turn is this server's.
    func claim(_ subject: String, run: ID<Run>, as scope: Scope) async throws -> ID<Run>? {
        guard let server = core.servers?.id else { return nil }
        return try await core.storage.write(as: scope) { db in
            try ServerStore.claim(subject, for: run, by: server, db)
        }
    }

    func release(_ subject: String, as scope: Scope) async {
        guard let server = core.servers?.id else { return }
        await shieldedFromCancellation {
            do {
                try await core.storage.write(as: scope) { db in try ServerStore.release(subject, by: server, db) }
            } catch {
                // This server may claim it again; another one can when this one ends.
                core.logger.warning(
                    "A claim is not released", metadata: ["subject": "\(subject)", "error": "\(error)"])
            }
        }
    }
}

/// The turns of agents, one at a time: a line in this server, and a claim among the servers.
struct AgentLine: Sendable {
    let lock: KeyedFIFOLock<ID<AgentState>>
    let claims: TurnClaims

    /// Runs `body` between two turns of the agent.
    ///
    /// - Throws: 503 when the line is full, `CancellationError` when the task is cancelled while it waits.
    func between<Result: Sendable>(
        turnsOf agent: ID<AgentState>, as scope: Scope, _ body: () async throws -> Result
    ) async throws -> Result {
        try await lock.lock(agent, orElse: TurnService.queueIsFull(agent))
        defer { lock.unlock(agent) }
        try await claims.wait(for: agent.rawValue, run: claims.core.ids.next(), as: scope)
        do {
            let result = try await body()
            await claims.release(agent.rawValue, as: scope)
            return result
        } catch {
            await claims.release(agent.rawValue, as: scope)
            throw error
        }
    }
}
