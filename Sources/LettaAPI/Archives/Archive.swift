public import JSON

/// A collection of passages that agents may share.
public struct Archive: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "archive"

    public var id: ID<Archive>
    public var name: String
    public var description: String?
    public var organizationID: String
    /// The embedding model meant for its passages; nil where it is searched by words alone.
    public var embeddingConfig: Document<EmbeddingConfig>?
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp?

    public init(id: ID<Archive>, name: String, organizationID: String, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.organizationID = organizationID
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, name, description
        case organizationID = "organization_id"
        case embeddingConfig = "embedding_config"
        case createdByID = "created_by_id"
        case lastUpdatedByID = "last_updated_by_id"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("created_by_id", createdByID)
            $0.field("last_updated_by_id", lastUpdatedByID)
            $0.field("created_at", createdAt)
            $0.field("updated_at", updatedAt)
            $0.field("name", name)
            $0.field("description", description)
            $0.field("organization_id", organizationID)
            $0.field("vector_db_provider", "native")
            $0.field("embedding_config", embeddingConfig)
            $0.field("metadata", JSONValue.null)
            $0.field("id", id)
        }
    }
}

/// A new archive.
public struct CreateArchive: Codable, Sendable {
    public var name: String
    public var description: String?
    /// The handle of an embedding model; `embedding_config` says the same in full.
    public var embedding: String?
    public var embeddingConfig: EmbeddingConfig?

    public init(name: String, description: String? = nil) {
        self.name = name
        self.description = description
    }

    enum CodingKeys: String, CodingKey {
        case name, description, embedding
        case embeddingConfig = "embedding_config"
    }
}

/// The changes a client may make to an archive. A field left out keeps its value.
public struct UpdateArchive: Codable, Sendable {
    public var name: Patch<String> = .keep
    public var description: Patch<String> = .keep

    public init() {}
}
