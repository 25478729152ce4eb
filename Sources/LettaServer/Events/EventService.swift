import LettaAPI

/// Streams notices of changes. It holds nothing but what a slow reader has not read yet.
struct EventService: Sendable {
    let core: Core

    /// - Throws: `APIError` 503 when too many read already.
    func follow(as scope: Scope) throws -> ChangeFrames {
        guard let reader = core.changes.reader(of: scope.organization) else {
            throw APIError.unavailable("\(ChangeFeed.mostReaders) clients follow the changes already")
        }
        return ChangeFrames(reader: reader, coversAll: core.servers == nil, clock: core.clock)
    }
}
