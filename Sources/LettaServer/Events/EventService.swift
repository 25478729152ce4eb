import LettaAPI

/// Streams notices of changes. It holds nothing but what a slow reader has not read yet.
struct EventService: Sendable {
    let core: Core

    /// Follows what changes on this server, and on those that share its database.
    ///
    /// - Throws: `APIError` 503 when too many read already.
    func follow(as scope: Scope) async throws -> ChangeFrames {
        guard let reader = core.changes.reader(of: scope.organization) else {
            throw APIError.unavailable("\(ChangeFeed.mostReaders) clients follow the changes already")
        }
        try await core.servers?.sayThatItHears()
        return ChangeFrames(reader: reader, clock: core.clock)
    }
}
