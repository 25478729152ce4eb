import LettaAPI
import Logging
import ServiceLifecycle
import Storage

/// Deletes what has expired: traces of model calls, keys of deleted rows, events of background runs.
///
/// Works in small transactions, so that no writer waits long. Two servers may run it on one database.
struct RetentionService: Service {
    /// How long and how much of each is kept.
    struct Policy: Sendable {
        var traceDays = 7
        var traceBytes = 1_024 * 1_024 * 1_024
        /// How long a list can be continued at a cursor that names a deleted row.
        var deletedKeyDays = 30
    }

    static let interval = Duration.seconds(3_600)
    /// The rows of a transaction. A trace may hold half a megabyte.
    private static let batch = 100
    /// Of traces that are deleted for their size alone, so that few more go than have to.
    private static let traceBatch = 10
    private static let day: Int64 = 24 * 3_600 * 1_000_000

    let core: Core
    let policy: Policy

    /// Returns when the server stops.
    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await sweep()
                } catch {
                    if Task.isCancelled { return }
                    core.logger.error("Expired data was not deleted", metadata: ["error": "\(error)"])
                }
                // Throws only when the server stops.
                try? await core.clock.sleep(for: Self.interval)
            }
        }
    }

    /// Deletes what has expired by now.
    func sweep() async throws {
        let now = core.now()
        let traces = Timestamp(microseconds: now.microseconds - Int64(policy.traceDays) * Self.day)
        let keys = Timestamp(microseconds: now.microseconds - Int64(policy.deletedKeyDays) * Self.day)
        let events = Timestamp(microseconds: now.microseconds - TurnService.eventRetention)
        try await inBatches(of: Self.batch) { try StepStore.deleteOldestTraces(before: traces, limit: $0, $1) }
        try await inBatches(of: Self.traceBatch) { [policy] limit, db in
            guard try StepStore.traceBytes(db) > policy.traceBytes else { return 0 }
            return try StepStore.deleteOldestTraces(before: nil, limit: limit, db)
        }
        try await inBatches(of: Self.batch) { try DeletedKeyStore.date(now, limit: $0, $1) }
        try await inBatches(of: Self.batch) { try DeletedKeyStore.deleteExpired(before: keys, limit: $0, $1) }
        try await inBatches(of: Self.batch) { try RunEventStore.deleteExpired(before: events, limit: $0, $1) }
    }

    /// Runs transactions of up to `limit` rows each until one finds fewer.
    private func inBatches(
        of limit: Int, _ body: @escaping @Sendable (_ limit: Int, any SQLExecutor) throws -> Int
    ) async throws {
        while try await core.storage.write({ try body(limit, $0) }) == limit {}
    }
}
