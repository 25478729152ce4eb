import LettaAPI
import Storage

/// Reports whether the server is up and able to serve.
struct HealthService: Sendable {
    let core: Core

    static let status = HealthStatus(
        version: ServerVersion.apiLevel, status: "ok", server: "letta-swift", serverVersion: ServerVersion.current)

    /// - Throws: when the database accepts no writes.
    func ready() async throws -> HealthStatus {
        try await core.storage.write { db in try HealthStore.probe(at: core.now(), db) }
        return Self.status
    }
}
