public import LettaAPI

extension LettaClient {
    public var steps: StepCalls { StepCalls(client: self) }
}

/// The calls about single model calls of agents.
public struct StepCalls: Sendable {
    let client: LettaClient

    /// Newest first unless the query says otherwise.
    public func list(_ query: ListSteps = .init()) -> PagedList<Step> {
        PagedList(query, cursor: { $0.id.rawValue }, fetch: { try await client.call(API.Steps.list, query: $0) })
    }

    public func retrieve(_ id: ID<Step>) async throws -> Step {
        try await client.call(API.Steps.retrieve, path: id)
    }

    public func metrics(of id: ID<Step>) async throws -> StepMetrics {
        try await client.call(API.Steps.metrics, path: id)
    }

    /// What the model's service was asked and answered; nil when nothing was kept.
    public func trace(of id: ID<Step>) async throws -> ProviderTrace? {
        try await client.call(API.Steps.trace, path: id)
    }

    public func messages(of id: ID<Step>, _ query: ListRelated = .init()) async throws -> [LettaMessage] {
        try await client.call(API.Steps.messages, path: id, query: query)
    }

    public func setFeedback(_ feedback: StepFeedback, of id: ID<Step>) async throws -> Step {
        try await client.call(API.Steps.setFeedback, path: id, body: feedback)
    }
}

extension ListSteps: PagedQuery {}
