public import LettaAPI

extension LettaClient {
    public var tags: TagCalls { TagCalls(client: self) }
}

/// The calls about the tags that agents carry.
public struct TagCalls: Sendable {
    let client: LettaClient

    /// Each tag once, in order of name.
    public func list(_ query: ListTags = .init()) -> PagedList<String> {
        PagedList(query, cursor: { $0 }, fetch: { try await client.call(API.Tags.list, query: $0) })
    }
}
