import LettaAPI
import Logging
import ServiceLifecycle
import Storage

/// Deletes what has expired: traces of model calls, keys of deleted rows, events of background runs.
///
/// Works in small transactions, so that writers wait for none of them for long. Two servers may run it on one database.
struct RetentionService: Service {
    /// How long and how much of each is kept.
    struct Policy: Sendable {
        var traceDays = 7
        var traceBytes = 1_024 * 1_024 * 1_024
        /// How long a list can be continued at a cursor that names a deleted row.
        var deletedKeyDays = 30
    }

    static let interval = Duration.seconds(3_600)
    /// A trace may hold half a megabyte.
    private static let batch = 100
    private static let day: Int64 = 24 * 3_600 * 1_000_000

    let core: Core
    let policy: Policy

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await sweep()
                } catch where !Task.isCancelled {
                    core.logger.error("Expired data was not deleted", metadata: ["error": "\(error)"])
                }
                try await core.clock.sleep(for: Self.interval)
            }
        }
    }

    /// Deletes what has expired by now.
    func sweep() async throws {
        let now = core.now()
        let traces = Timestamp(microseconds: now.microseconds - Int64(policy.traceDays) * Self.day)
        let keys = Timestamp(microseconds: now.microseconds - Int64(policy.deletedKeyDays) * Self.day)
        let events = Timestamp(microseconds: now.microseconds - TurnService.eventRetention)
        try await repeating { try StepStore.deleteOldestTraces(before: traces, limit: Self.batch, $0) }
        try await repeating { [policy] db in
            guard try StepStore.traceBytes(db) > policy.traceBytes else { return 0 }
            return try StepStore.deleteOldestTraces(before: nil, limit: Self.batch, db)
        }
        try await repeating { try DeletedKeyStore.date(now, limit: Self.batch, $0) }
        try await repeating { try DeletedKeyStore.deleteExpired(before: keys, limit: Self.batch, $0) }
        try await repeating { try RunEventStore.deleteExpired(before: events, limit: Self.batch, $0) }
    }

    /// Runs transactions of one batch each until one finds less than a batch.
    private func repeating(_ body: @escaping @Sendable (any SQLExecutor) throws -> Int) async throws {
        while try await core.storage.write({ try body($0) }) == Self.batch {}
    }
}
