public import LettaAPI

extension LettaClient {
    public var agents: AgentCalls { AgentCalls(client: self) }
}

/// The calls about agents themselves; what belongs to an agent is one level deeper.
public struct AgentCalls: Sendable {
    let client: LettaClient

    /// The blocks that are always in an agent's sight.
    public var coreMemory: CoreMemoryCalls { CoreMemoryCalls(client: client) }
    /// What an agent keeps for the long term, out of its context.
    public var archivalMemory: ArchivalMemoryCalls { ArchivalMemoryCalls(client: client) }
    /// The tools an agent may call.
    public var tools: AgentToolCalls { AgentToolCalls(client: client) }

    /// The groups the agent is a member of, newest first.
    public func groups(of id: ID<AgentState>, _ query: ListAgentGroups = .init()) -> PagedList<Group> {
        PagedList(query, cursor: { $0.id.rawValue }) {
            try await client.call(API.AgentGroups.list, path: id, query: $0)
        }
    }

    public func create(_ agent: CreateAgent) async throws -> AgentState {
        try await client.call(API.Agents.create, body: agent)
    }

    public func retrieve(_ id: ID<AgentState>, _ query: RetrieveAgent = .init()) async throws -> AgentState {
        try await client.call(API.Agents.retrieve, path: id, query: query)
    }

    /// Newest first unless the query says otherwise.
    public func list(_ query: ListAgents = .init()) -> PagedList<AgentState> {
        PagedList(query, cursor: { $0.id.rawValue }, fetch: { try await client.call(API.Agents.list, query: $0) })
    }

    public func count(_ filter: AgentFilter = .init()) async throws -> Int {
        try await client.call(API.Agents.count, query: filter)
    }

    /// One page; the next one is had with its `nextCursor` as `after`.
    public func search(_ conditions: SearchAgents) async throws -> AgentSearchResult {
        try await client.call(API.Agents.search, body: conditions)
    }

    /// Changes the fields that are not `.keep`; `.clear` empties one.
    public func update(_ id: ID<AgentState>, _ changes: UpdateAgent) async throws -> AgentState {
        try await client.call(API.Agents.update, path: id, body: changes)
    }

    /// Deletes an agent with its messages; its blocks stay.
    public func delete(_ id: ID<AgentState>) async throws {
        _ = try await client.call(API.Agents.delete, path: id)
    }

    /// What fills the agent's context window.
    public func context(_ id: ID<AgentState>, _ query: RetrieveContext = .init()) async throws -> ContextWindow {
        try await client.call(API.Agents.context, path: id, query: query)
    }

    /// Makes the agent's system message anew and returns it.
    @discardableResult
    public func recompile(_ id: ID<AgentState>, _ query: RecompileAgent = .init()) async throws -> String {
        try await client.call(API.Agents.recompile, path: id, query: query)
    }
}

extension ListAgentGroups: PagedQuery {}
