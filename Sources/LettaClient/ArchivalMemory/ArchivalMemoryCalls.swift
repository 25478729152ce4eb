public import LettaAPI

/// The calls about what one agent keeps for the long term.
public struct ArchivalMemoryCalls: Sendable {
    let client: LettaClient

    /// Oldest first unless the query says otherwise.
    public func list(of agent: ID<AgentState>, _ query: ListArchivalMemory = .init()) -> PagedList<Passage> {
        PagedList(query, cursor: { $0.id.rawValue }) {
            try await client.call(API.ArchivalMemory.list, path: agent, query: $0)
        }
    }

    public func create(_ memory: CreateArchivalMemory, for agent: ID<AgentState>) async throws -> [Passage] {
        try await client.call(API.ArchivalMemory.create, path: agent, body: memory)
    }

    /// The best first.
    public func search(
        _ query: SearchArchivalMemory, of agent: ID<AgentState>
    ) async throws -> [ArchivalSearchResponse.Result] {
        try await client.call(API.ArchivalMemory.search, path: agent, query: query).results
    }

    public func delete(_ memory: ID<Passage>, of agent: ID<AgentState>) async throws {
        _ = try await client.call(API.ArchivalMemory.delete, path: NamedPath(agent, memory.rawValue))
    }

    /// Gives an archive to an agent that has none.
    public func attach(_ archive: ID<Archive>, to agent: ID<AgentState>) async throws {
        _ = try await client.call(API.Archives.attach, path: NestedPath(agent, archive))
    }

    /// Takes an archive from an agent; the archive stays.
    public func detach(_ archive: ID<Archive>, from agent: ID<AgentState>) async throws {
        _ = try await client.call(API.Archives.detach, path: NestedPath(agent, archive))
    }
}

extension ListArchivalMemory: PagedQuery {}
