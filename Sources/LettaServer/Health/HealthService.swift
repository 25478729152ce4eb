import LettaAPI
import Storage

/// Says whether the server is up and whether it can serve.
struct HealthService: Sendable {
    let storage: any StorageEngine

    static let status = HealthStatus(
        version: ServerVersion.apiLevel, status: "ok", server: "letta-swift", serverVersion: ServerVersion.current)

    /// Asks as a writer would: after a failed disk everything can be read for a while and nothing be changed.
    ///
    /// - Throws: when the storage takes no changes.
    func ready() async throws -> HealthStatus {
        _ = try await storage.write { db in try HealthStore.probe(db) }
        return Self.status
    }
}
