import LettaAPI
import Logging
import ServiceLifecycle
import Storage

/// Deletes expired data: traces of model calls, keys of deleted rows and of sends, events of background
/// runs.
///
/// Works in small transactions, so that no writer waits long.
struct RetentionService: Service {
    /// How long a cursor that names a deleted row works.
    private static let deletedKeyDays = 30
    static let interval = Duration.seconds(3_600)
    /// Rows per transaction. A trace may hold half a megabyte.
    private static let batch = 100
    /// Traces per transaction when the size limit is exceeded: small, so that few more than necessary are deleted.
    private static let traceBatch = 10
    private static let day: Int64 = 24 * 3_600 * 1_000_000

    let core: Core
    let defaults: ServerDefaults

    /// Returns at shutdown.
    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await sweep()
                } catch {
                    if Task.isCancelled { return }
                    core.logger.error("Expired data was not deleted", metadata: ["error": "\(error)"])
                }
                // Throws only at shutdown.
                try? await core.clock.sleep(for: Self.interval)
            }
        }
    }

    /// Deletes what has expired by now.
    func sweep() async throws {
        let now = core.now()
        let settings = try await defaults.settings()
        let traces = Timestamp(microseconds: now.microseconds - Int64(settings.traceRetentionDays) * Self.day)
        let keys = Timestamp(microseconds: now.microseconds - Int64(Self.deletedKeyDays) * Self.day)
        let events = Timestamp(microseconds: now.microseconds - TurnService.eventRetention)
        try await inBatches(of: Self.batch) { try StepStore.deleteOldestTraces(before: traces, limit: $0, $1) }
        try await inBatches(of: Self.traceBatch) { limit, db in
            guard try StepStore.traceBytes(db) > settings.traceMaxBytes else { return 0 }
            return try StepStore.deleteOldestTraces(before: nil, limit: limit, db)
        }
        try await inBatches(of: Self.batch) { try DeletedKeyStore.date(now, limit: $0, $1) }
        try await inBatches(of: Self.batch) { try DeletedKeyStore.deleteExpired(before: keys, limit: $0, $1) }
        try await inBatches(of: Self.batch) { try SendKeyStore.deleteExpired(before: events, limit: $0, $1) }
        try await inBatches(of: Self.batch) { try AccessTokenStore.deleteExpired(before: now, limit: $0, $1) }
        try await inBatches(of: Self.batch) { try RunEventStore.deleteExpired(before: events, limit: $0, $1) }
    }

    /// Repeats transactions of up to `limit` rows until one affects fewer.
    private func inBatches(
        of limit: Int, _ body: @escaping @Sendable (_ limit: Int, any SQLExecutor) throws -> Int
    ) async throws {
        while try await core.storage.write({ try body(limit, $0) }) == limit {}
    }
}
