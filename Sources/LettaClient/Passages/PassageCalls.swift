public import LettaAPI

extension LettaClient {
    public var passages: PassageCalls { PassageCalls(client: self) }
}

/// The calls about passages of all archives.
public struct PassageCalls: Sendable {
    let client: LettaClient

    /// The best first.
    public func search(_ query: SearchPassages) async throws -> [FoundPassage] {
        try await client.call(API.Passages.search, body: query)
    }
}
