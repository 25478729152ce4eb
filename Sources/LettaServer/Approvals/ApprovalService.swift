import LettaAPI
import Storage

/// Lists what waits for approval.
struct ApprovalService: Sendable {
    let core: Core

    func list(_ query: ListApprovals, as scope: Scope) async throws -> Page<WaitingApproval> {
        try await core.storage.read(as: scope) { db in try WaitingApprovalStore.page(query, db) }
    }
}
