public import LettaAPI

extension LettaClient {
    public var runs: RunCalls { RunCalls(client: self) }
}

/// The calls about turns of agents, running or over.
public struct RunCalls: Sendable {
    let client: LettaClient

    /// Newest first unless the query says otherwise.
    public func list(_ query: ListRuns = .init()) -> PagedList<Run> {
        PagedList(query, cursor: { $0.id.rawValue }, fetch: { try await client.call(API.Runs.list, query: $0) })
    }

    public func active(_ query: ListActiveRuns = .init()) async throws -> [Run] {
        try await client.call(API.Runs.active, query: query)
    }

    public func retrieve(_ id: ID<Run>) async throws -> Run {
        try await client.call(API.Runs.retrieve, path: id)
    }

    /// Deletes a run that is over; what was said stays.
    public func delete(_ id: ID<Run>) async throws {
        _ = try await client.call(API.Runs.delete, path: id)
    }

    public func messages(of id: ID<Run>, _ query: ListRelated = .init()) async throws -> [LettaMessage] {
        try await client.call(API.Runs.messages, path: id, query: query)
    }

    /// Newest first.
    public func steps(of id: ID<Run>, _ query: ListRelated = .init()) -> PagedList<Step> {
        PagedList(query, cursor: { $0.id.rawValue }) {
            try await client.call(API.Runs.steps, path: id, query: $0)
        }
    }

    public func usage(of id: ID<Run>) async throws -> RunUsage {
        try await client.call(API.Runs.usage, path: id)
    }

    public func metrics(of id: ID<Run>) async throws -> RunMetrics {
        try await client.call(API.Runs.metrics, path: id)
    }
}

extension ListRuns: PagedQuery {}
