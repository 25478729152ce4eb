import LettaAPI
import Logging
import Storage

/// An agent whose turn waits for another agent's answer, as all servers on the database see it.
struct AgentWait: Sendable {
    let id: String
    let sender: ID<AgentState>
    let agent: ID<AgentState>

    /// Notes the wait, so that a circle through other servers is found out.
    ///
    /// - Returns: nil when `agent` waits for `sender`.
    static func begin(
        of sender: ID<AgentState>, for agent: ID<AgentState>, _ core: Core, as scope: Scope
    ) async throws -> AgentWait? {
        let wait = AgentWait(id: core.ids.uuid(), sender: sender, agent: agent)
        let mayWait = try await core.storage.write(as: scope) { db in try ServerStore.beginWait(wait, db) }
        return mayWait ? wait : nil
    }

    func end(_ core: Core, as scope: Scope) async {
        await shieldedFromCancellation {
            do {
                try await core.storage.write(as: scope) { db in try ServerStore.endWait(self, db) }
            } catch {
                // Until this server ends, the other agent can't ask this one.
                core.logger.warning(
                    "A wait for an agent is not removed", metadata: ["agent.id": "\(sender)", "error": "\(error)"])
            }
        }
    }
}
