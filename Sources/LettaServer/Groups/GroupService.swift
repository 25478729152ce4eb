import LettaAPI
import Storage

struct GroupService: Sendable {
    let core: Core

    /// Lists the groups that an agent is a member of. The agent itself shows those that it manages, as with the peer.
    func list(of agent: ID<AgentState>, _ query: ListAgentGroups, as scope: Scope) async throws -> Page<Group> {
        let request = try PageRequest(query)
        return try await core.storage.read(as: scope) { db in
            guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
            let groups = try GroupStore.groups(with: agent, db)
                .filter { query.managerType == nil || $0.managerType == query.managerType }
            return request.page(of: groups) { $0.id.rawValue }
        }
    }
}
