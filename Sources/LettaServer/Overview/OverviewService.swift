import LettaAPI
import Storage

/// Sums up what agents do. What a call costs grows with what happened in the period, never with what was before.
struct OverviewService: Sendable {
    let core: Core
    let checks: CheckService
    let prices: ModelPrices

    /// - Parameter mayAdminister: whether the caller may know what fails of the server itself.
    func retrieve(
        _ query: RetrieveOverview, mayAdminister: Bool, as scope: Scope
    ) async throws -> ServerOverview {
        let (period, now) = (query.period ?? .day, core.now())
        let failing =
            mayAdminister
            ? await checks.checks([.database, .disk, .provider, .mcpServer, .backup], as: scope)
                .filter { $0.state == .failed } : []
        return try await core.storage.read(as: scope) { [prices] db in
            try OverviewStore.overview(of: period, failing, prices, at: now, db)
        }
    }
}
