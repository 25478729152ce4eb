import LettaAPI
import Storage

extension BlockService {
    /// Writes the value of an earlier version as a new one.
    func restore(_ id: ID<Block>, _ body: RestoreBlock, as scope: Scope) async throws -> Block {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            guard try BlockStore.rowForUpdate(id, db) != nil else { throw Self.missing(id) }
            guard let version = try BlockStore.version(body.version, of: id, db) else {
                throw APIError(
                    404, "Block \(id) has no version \(body.version). GET /v1/blocks/\(id)/history lists those it has.")
            }
            var change = UpdateBlock()
            change.value = .set(BlockValue(version.value))
            return try Self.update(id, applying: change, by: .user(scope.user), at: time, db)
        }
    }
}
