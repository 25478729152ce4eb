public import LettaAPI

extension LettaClient {
    public var models: ModelCalls { ModelCalls(client: self) }
}

/// The calls about the models that agents can use.
public struct ModelCalls: Sendable {
    let client: LettaClient

    public func list(_ query: ListModels = .init()) async throws -> [LanguageModel] {
        try await client.call(API.Models.list, query: query)
    }

    public func listEmbeddings() async throws -> [EmbeddingModel] {
        try await client.call(API.Models.listEmbeddings)
    }
}
