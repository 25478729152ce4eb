public import LettaAPI

/// The calls about the tools of one agent.
public struct AgentToolCalls: Sendable {
    let client: LettaClient

    /// In the order of their attaching.
    public func list(of agent: ID<AgentState>, _ query: ListRelated = .init()) -> PagedList<Tool> {
        PagedList(query, cursor: { $0.id.rawValue }) {
            try await client.call(API.AgentTools.list, path: agent, query: $0)
        }
    }

    public func attach(_ tool: ID<Tool>, to agent: ID<AgentState>) async throws {
        _ = try await client.call(API.AgentTools.attach, path: NestedPath(agent, tool))
    }

    public func detach(_ tool: ID<Tool>, from agent: ID<AgentState>) async throws {
        _ = try await client.call(API.AgentTools.detach, path: NestedPath(agent, tool))
    }

    /// Says whether a person has to agree before the tool runs; the agent may get the tool later.
    public func setApproval(_ isRequired: Bool, of tool: String, for agent: ID<AgentState>) async throws {
        _ = try await client.call(
            API.AgentTools.setApproval, path: NamedPath(agent, tool), query: ToolApproval(nil),
            body: ToolApproval(isRequired))
    }
}
