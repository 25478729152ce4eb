import JSON
import LettaAPI
import Storage

/// Gives the events of background runs to whoever asks for them, while they happen and afterwards.
struct RunFollowService: Sendable {
    private static let pageSize = 500

    let core: Core
    let worker: TurnWorker

    /// - Throws: `APIError`: 400 for a run that is not in the background, 410 for one whose events are gone.
    func follow(
        _ id: ID<Run>, _ body: FollowRun, as scope: Scope
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        let start = body.startingAfter ?? 0
        guard start >= 0 else {
            throw APIError.invalidField("starting_after", "can't be negative", input: .int(Int64(start)))
        }
        let run = try await core.storage.read(as: scope) { db in try RunService.run(id, db) }
        guard run.background else {
            throw APIError.invalidArgument("Run was not created in background mode, so it cannot be retrieved.")
        }
        let filter = EventFilter(withPings: body.includePings ?? true, messageTypes: try messageTypes(of: run))
        // Whoever is not at work any more has stored everything before it went.
        if let control = worker.control(of: id, in: scope.organization) {
            let frames = TurnFrames(
                control: control, filter: filter, now: core.now, clock: core.clock, ids: core.ids, startingAfter: start)
            return Throwing(base: frames)
        }
        guard run.createdAt.microseconds > core.now().microseconds - TurnService.eventLife else {
            throw APIError(410, "The events of run \(id) are kept for a day. Its messages are still listed.")
        }
        return StoredRunFrames(startingAfter: start, filter: filter) { [core] last in
            try await core.storage.read(as: scope) { db in
                try RunEventStore.events(of: id, after: last, limit: Self.pageSize, db)
            }
        }
    }

    /// What the sender of the messages wanted to see.
    private func messageTypes(of run: Run) throws -> Set<String>? {
        let types = try run.requestConfig?.json.value()["include_return_message_types"]?.array
        return types.map { Set($0.compactMap(\.string)) }
    }

    /// A sequence that does not fail, as one that may.
    private struct Throwing: AsyncSequence, Sendable {
        let base: TurnFrames

        func makeAsyncIterator() -> Iterator { Iterator(base: base.makeAsyncIterator()) }

        struct Iterator: AsyncIteratorProtocol {
            var base: TurnFrames.AsyncIterator

            mutating func next() async throws -> [UInt8]? { await base.next() }
        }
    }
}
