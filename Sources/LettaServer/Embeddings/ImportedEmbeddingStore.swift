import LettaAPI
import Storage

/// Table `imported_embedding`: archives, folders and agents of an import, until it is known whether their embedding models
/// are to be had here.
enum ImportedEmbeddingStore {
    /// What names an embedding model.
    enum Owner: Sendable {
        case passages(PassageOwner)
        case agent(ID<AgentState>)

        var id: String {
            switch self {
            case .passages(let owner): owner.id
            case .agent(let id): id.rawValue
            }
        }

        fileprivate var kind: String {
            switch self {
            case .passages(let owner): owner.kind.rawValue
            case .agent: Self.agents
            }
        }

        private static let agents = "agent"

        fileprivate init(kind: String, id: String) {
            switch kind {
            case Self.agents: self = .agent(ID(id))
            case VectorSet.Kind.archive.rawValue: self = .passages(.archive(ID(id)))
            default: self = .passages(.folder(ID(id)))
            }
        }

        /// The configuration that it shows; nil also when it does not exist.
        func config(locking: Bool = false, _ db: Transaction) throws -> Document<EmbeddingConfig>? {
            switch self {
            case .agent(let id): return try db.fetch(AgentStore.table, id, locking: locking)?.embeddingConfig
            case .passages(let owner):
                do {
                    return try owner.config(locking: locking, db)
                } catch let error as APIError where error.status == 404 {
                    return nil
                }
            }
        }
    }

    struct Entry: Sendable {
        let scope: Scope
        let owner: Owner
    }

    static func add(_ owner: Owner, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO imported_embedding (organization_id, owner_id, kind)
            VALUES (\(db.organization), \(owner.id), \(owner.kind)) ON CONFLICT DO NOTHING
            """)
    }

    static func page(after last: Entry?, limit: Int, _ db: any SQLExecutor) throws -> [Entry] {
        try db.rows(
            """
            SELECT organization_id, owner_id, kind FROM imported_embedding
            WHERE (organization_id, owner_id) > (\(last?.scope.organization ?? ""), \(last?.owner.id ?? ""))
            ORDER BY organization_id, owner_id LIMIT \(limit)
            """
        ).map { row in
            // Nobody in particular: models are those of the organization.
            Entry(
                scope: Scope(organization: try row["organization_id"], user: ""),
                owner: Owner(kind: try row["kind"], id: try row["owner_id"]))
        }
    }

    static func remove(_ owner: Owner, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM imported_embedding WHERE organization_id = \(db.organization) AND owner_id = \(owner.id)")
    }
}
