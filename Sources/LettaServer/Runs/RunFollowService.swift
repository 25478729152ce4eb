import JSON
import LettaAPI
import Storage

/// Streams the events of background runs, during the run and afterwards.
struct RunFollowService: Sendable {
    let core: Core
    let worker: TurnWorker

    /// - Throws: `APIError`: 400 for a run that is not in the background, 410 for one whose events have expired.
    func follow(_ id: ID<Run>, _ body: FollowRun, as scope: Scope) async throws -> RunFrames {
        let start = body.startingAfter ?? 0
        guard start >= 0 else {
            throw APIError.invalidField("starting_after", "must not be negative", input: .int(Int64(start)))
        }
        let run = try await core.storage.read(as: scope) { db in try RunService.run(id, db) }
        guard run.background else {
            throw APIError.invalidArgument("Run was not created in background mode, so it cannot be retrieved.")
        }
        // A run without a control is over; its events are stored, unless the database failed to take them.
        let control = worker.control(of: id, in: scope.organization)
        let oldest = core.now().microseconds - TurnService.eventRetention
        guard control != nil || run.createdAt.microseconds > oldest else {
            throw APIError(
                410, "The events of run \(id) have expired: they are kept for 24 hours. Its messages are still listed.")
        }
        let filter = EventFilter(withPings: body.includePings ?? true, messageTypes: try messageTypes(of: run))
        var frames = RunFrames(
            core: core, run: id, filter: filter, control: control, page: RunFrames.pages(of: id, core, as: scope),
            startingAfter: start)
        try await frames.followElsewhere(run, as: scope)
        return frames
    }

    /// The message types that the sender of the messages requested.
    private func messageTypes(of run: Run) throws -> Set<String>? {
        let types = try run.requestConfig?.json.value()["include_return_message_types"]?.array
        return types.map { Set($0.compactMap(\.string)) }
    }
}

extension RunFrames {
    /// How long after the end of a run its last events may come, in microseconds.
    private static let longestStoring: Int64 = 30 * 1_000_000

    /// Has a background run that this server does not have followed on the one that has it.
    mutating func followElsewhere(_ run: Run, as scope: Scope) async throws {
        guard control == nil, let servers = core.servers else { return }
        isOver = { [core] in try await Self.isOver(run.id, core, as: scope) }
        if run.completedAt == nil { try await servers.follow(run.id, as: scope) }
    }

    /// Whether a run of another server has stored its last event. The last ones are stored after the state of the run.
    private static func isOver(_ id: ID<Run>, _ core: Core, as scope: Scope) async throws -> Bool {
        let oldest = Timestamp(microseconds: core.now().microseconds - longestStoring)
        return try await core.storage.read(as: scope) { db in
            if try RunEventStore.hasEnd(of: id, db) { return true }
            guard let end = try RunStore.run(id, db)?.completedAt else { return try RunStore.run(id, db) == nil }
            return end < oldest
        }
    }
}
