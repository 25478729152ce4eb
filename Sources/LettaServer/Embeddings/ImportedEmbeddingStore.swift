import LettaAPI
import Storage

/// Table `imported_embedding`: archives and folders of an import, until it is known whether their embedding models are to
/// be had here.
enum ImportedEmbeddingStore {
    struct Owner: Sendable {
        let scope: Scope
        let owner: PassageOwner
    }

    static func add(_ owner: PassageOwner, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO imported_embedding (organization_id, owner_id, kind)
            VALUES (\(db.organization), \(owner.id), \(owner.kind.rawValue)) ON CONFLICT DO NOTHING
            """)
    }

    static func page(after last: Owner?, limit: Int, _ db: any SQLExecutor) throws -> [Owner] {
        try db.rows(
            """
            SELECT organization_id, owner_id, kind FROM imported_embedding
            WHERE (organization_id, owner_id) > (\(last?.scope.organization ?? ""), \(last?.owner.id ?? ""))
            ORDER BY organization_id, owner_id LIMIT \(limit)
            """
        ).map { row in
            let (id, kind): (String, String) = (try row["owner_id"], try row["kind"])
            // Nobody in particular: models are those of the organization.
            return Owner(
                scope: Scope(organization: try row["organization_id"], user: ""),
                owner: kind == VectorSet.Kind.archive.rawValue ? .archive(ID(id)) : .folder(ID(id)))
        }
    }

    static func remove(_ owner: PassageOwner, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM imported_embedding WHERE organization_id = \(db.organization) AND owner_id = \(owner.id)")
    }
}
