public import LettaAPI

extension LettaClient {
    public var blocks: BlockCalls { BlockCalls(client: self) }
}

/// The calls about blocks on their own, whether attached to agents or not.
public struct BlockCalls: Sendable {
    let client: LettaClient

    public func create(_ block: CreateBlock) async throws -> Block {
        try await client.call(API.Blocks.create, body: block)
    }

    public func retrieve(_ id: ID<Block>) async throws -> Block {
        try await client.call(API.Blocks.retrieve, path: id)
    }

    /// Oldest first unless the query says otherwise.
    public func list(_ query: ListBlocks = .init()) -> PagedList<Block> {
        PagedList(query, cursor: { $0.id.rawValue }, fetch: { try await client.call(API.Blocks.list, query: $0) })
    }

    public func count(_ query: CountBlocks = .init()) async throws -> Int {
        try await client.call(API.Blocks.count, query: query)
    }

    /// Changes the fields that are not `.keep`; `.clear` empties one.
    public func update(_ id: ID<Block>, _ changes: UpdateBlock) async throws -> Block {
        try await client.call(API.Blocks.update, path: id, body: changes)
    }

    /// Deletes a block and takes it from every agent.
    public func delete(_ id: ID<Block>) async throws {
        _ = try await client.call(API.Blocks.delete, path: id)
    }

    /// The agents that the block is attached to, newest first.
    public func agents(with block: ID<Block>, _ query: ListAttachedAgents = .init()) -> PagedList<AgentState> {
        PagedList(query, cursor: { $0.id.rawValue }) {
            try await client.call(API.Blocks.agents, path: block, query: $0)
        }
    }

    /// One page of the versions of a block, newest first; older ones are had with `before`.
    public func history(of id: ID<Block>, _ query: ListBlockHistory = .init()) async throws -> [BlockVersion] {
        try await client.call(API.Blocks.history, path: id, query: query)
    }
}
