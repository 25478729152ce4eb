public import LettaAPI

extension LettaClient {
    public var tools: ToolCalls { ToolCalls(client: self) }
}

/// The calls about tools on their own, whether attached to agents or not.
public struct ToolCalls: Sendable {
    let client: LettaClient

    /// Creates a tool, or replaces the one of the same name, which keeps its id and its agents.
    public func upsert(_ tool: CreateTool) async throws -> Tool {
        try await client.call(API.Tools.upsert, body: tool)
    }

    public func retrieve(_ id: ID<Tool>) async throws -> Tool {
        try await client.call(API.Tools.retrieve, path: id)
    }

    /// Newest first unless the query says otherwise.
    public func list(_ query: ListTools = .init()) -> PagedList<Tool> {
        PagedList(query, cursor: { $0.id.rawValue }, fetch: { try await client.call(API.Tools.list, query: $0) })
    }

    public func count(_ query: CountTools = .init()) async throws -> Int {
        try await client.call(API.Tools.count, query: query)
    }

    /// Changes the fields that are not `.keep`; `.clear` empties one.
    public func update(_ id: ID<Tool>, _ changes: UpdateTool) async throws -> Tool {
        try await client.call(API.Tools.update, path: id, body: changes)
    }

    /// Deletes a tool and takes it from every agent.
    public func delete(_ id: ID<Tool>) async throws {
        _ = try await client.call(API.Tools.delete, path: id)
    }

    /// Runs source once without keeping it; the answer is a `tool_return_message`.
    public func run(_ source: RunTool) async throws -> LettaMessage {
        try await client.call(API.Tools.run, body: source)
    }
}

extension ListTools: PagedQuery {}
