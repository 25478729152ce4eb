public import LettaAPI

/// The calls about the blocks of one agent.
public struct CoreMemoryCalls: Sendable {
    let client: LettaClient

    public func retrieve(of agent: ID<AgentState>) async throws -> Memory {
        try await client.call(API.CoreMemory.retrieve, path: agent)
    }

    /// In the order of their attaching.
    public func blocks(of agent: ID<AgentState>, _ query: ListRelated = .init()) -> PagedList<Block> {
        PagedList(query, cursor: { $0.id.rawValue }) {
            try await client.call(API.CoreMemory.listBlocks, path: agent, query: $0)
        }
    }

    public func block(labelled label: String, of agent: ID<AgentState>) async throws -> Block {
        try await client.call(API.CoreMemory.retrieveBlock, path: NamedPath(agent, label))
    }

    public func updateBlock(
        labelled label: String, of agent: ID<AgentState>, _ changes: UpdateBlock
    ) async throws -> Block {
        try await client.call(API.CoreMemory.updateBlock, path: NamedPath(agent, label), body: changes)
    }

    @discardableResult
    public func attach(_ block: ID<Block>, to agent: ID<AgentState>) async throws -> AgentState {
        try await client.call(API.CoreMemory.attachBlock, path: NestedPath(agent, block))
    }

    /// Takes a block from an agent; the block itself stays.
    @discardableResult
    public func detach(_ block: ID<Block>, from agent: ID<AgentState>) async throws -> AgentState {
        try await client.call(API.CoreMemory.detachBlock, path: NestedPath(agent, block))
    }

    /// The variables that filled the agent's memory at its creation.
    public func variables(of agent: ID<AgentState>) async throws -> [String: String] {
        try await client.call(API.CoreMemory.variables, path: agent).variables
    }
}
