import LettaAPI
import Storage

/// A row of table `archive`.
struct ArchiveRow: Sendable {
    var id: ID<Archive>
    var name: String
    var description: String?
    var embeddingConfig: Document<EmbeddingConfig>?
    var createdByID: String?
    var lastUpdatedByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    static let columns: SQLText = """
        archive.id, archive.name, archive.description, archive.embedding_config, archive.created_by_id,
        archive.last_updated_by_id, archive.created_at, archive.updated_at
        """

    init(id: ID<Archive>, name: String, by user: String, at time: Timestamp) {
        self.id = id
        self.name = name
        createdByID = user
        lastUpdatedByID = user
        createdAt = time
        updatedAt = time
    }

    init(_ row: SQLRow) throws(SQLFailure) {
        id = try row["id"]
        name = try row["name"]
        description = try row["description"]
        embeddingConfig = try row["embedding_config"]
        createdByID = try row["created_by_id"]
        lastUpdatedByID = try row["last_updated_by_id"]
        createdAt = try row["created_at"]
        updatedAt = try row["updated_at"]
    }

    /// The archive as clients see it.
    func wire(in scope: Scope) -> Archive {
        var archive = Archive(id: id, name: name, organizationID: scope.organization, createdAt: createdAt)
        archive.description = description
        archive.embeddingConfig = embeddingConfig
        archive.createdByID = createdByID
        archive.lastUpdatedByID = lastUpdatedByID
        archive.updatedAt = updatedAt
        return archive
    }
}
