import EventStreams
import LettaAPI
import Storage

/// Reports whether the server is up and able to serve.
struct HealthService: Sendable {
    private let probe: ReadinessProbe
    private let storage: any StorageEngine
    private let sharesDatabase: Bool

    static let status = HealthStatus(
        version: ServerVersion.apiLevel, status: "ok", server: "letta-swift", serverVersion: ServerVersion.current)

    /// - Parameter sharesDatabase: whether other servers may use the database as well.
    init(
        storage: any StorageEngine, clock: any Clock<Duration> = ContinuousClock(), sharesDatabase: Bool = false
    ) {
        self.storage = storage
        self.sharesDatabase = sharesDatabase
        probe = ReadinessProbe(storage: storage, clock: clock)
    }

    /// - Throws: when the database accepts no writes.
    func ready() async throws -> HealthStatus {
        try await probe.run()
        var status = Self.status
        if sharesDatabase { status.servers = try await storage.read { db in try ServerStore.list(db) } }
        return status
    }
}

/// Writes to the database at most once per ``lifetime``: the check needs no password, and each write is an fsync.
///
/// Requests that come during a probe share its outcome. A success holds for a while; after a failure the next request
/// probes again, so that a server is ready as soon as it can be.
private actor ReadinessProbe {
    private final class Probe {
        let done = Latch()
        /// Nil until it is known, and for a probe whose request was cancelled.
        var outcome: Result<Void, any Error>?
    }

    static let lifetime = Duration.seconds(1)

    private let storage: any StorageEngine
    private let elapsed: @Sendable () -> Duration
    private var running: Probe?
    private var validUntil: Duration?

    init(storage: any StorageEngine, clock: any Clock<Duration>) {
        self.storage = storage
        elapsed = stopwatch(clock)
    }

    func run() async throws {
        if let validUntil, elapsed() < validUntil { return }
        while let probe = running {
            try await probe.done.wait()
            if let outcome = probe.outcome { return try outcome.get() }
        }
        let probe = Probe()
        running = probe
        defer {
            running = nil
            probe.done.open()
        }
        do {
            try await storage.write { db in try HealthStore.probe(at: .now, db) }
            validUntil = elapsed() + Self.lifetime
            probe.outcome = .success(())
        } catch {
            if !Task.isCancelled { probe.outcome = .failure(error) }
            throw error
        }
    }
}
