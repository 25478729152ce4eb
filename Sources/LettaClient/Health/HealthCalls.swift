public import LettaAPI

extension LettaClient {
    /// Says that the server is up, and which one it is. Needs no password.
    public func health() async throws -> HealthStatus {
        try await call(API.Health.health)
    }

    /// Says that the server can reach its storage.
    public func ready() async throws -> HealthStatus {
        try await call(API.Health.ready)
    }
}
