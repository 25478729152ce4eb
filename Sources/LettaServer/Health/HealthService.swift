import LettaAPI
import Storage

/// Says whether the server is up and whether it can serve.
struct HealthService: Sendable {
    let storage: any StorageEngine

    static let status = HealthStatus(
        version: ServerVersion.apiLevel, status: "ok", server: "letta-swift", serverVersion: ServerVersion.current)

    /// - Throws: when the storage can't be read.
    func ready() async throws -> HealthStatus {
        _ = try await storage.read { db in try HealthStore.probe(db) }
        return Self.status
    }
}
