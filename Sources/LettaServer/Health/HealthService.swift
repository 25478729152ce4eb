import LettaAPI
import Storage

/// Reports whether the server is up and able to serve.
struct HealthService: Sendable {
    let storage: any StorageEngine

    static let status = HealthStatus(
        version: ServerVersion.apiLevel, status: "ok", server: "letta-swift", serverVersion: ServerVersion.current)

    /// Probes in a write transaction: a database that only accepts reads is not ready.
    ///
    /// - Throws: when the database accepts no writes.
    func ready() async throws -> HealthStatus {
        _ = try await storage.write { db in try HealthStore.probe(db) }
        return Self.status
    }
}
