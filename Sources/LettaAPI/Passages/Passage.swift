public import JSON

/// A text in an archive: one memory.
public struct Passage: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "passage"

    public var id: ID<Passage>
    public var archiveID: ID<Archive>?
    public var text: String
    /// Nil for a passage without tags.
    public var tags: [String]?
    public var metadata: ObjectDocument?
    public var organizationID: String?
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp?
    public var updatedAt: Timestamp?

    public init(id: ID<Passage>, text: String) {
        self.id = id
        self.text = text
    }

    enum CodingKeys: String, CodingKey {
        case id, text, tags, metadata
        case archiveID = "archive_id"
        case organizationID = "organization_id"
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
            $0.field("is_deleted", false)
            $0.field("organization_id", organizationID)
            $0.field("archive_id", archiveID)
            $0.field("source_id", JSONValue.null)
            $0.field("file_id", JSONValue.null)
            $0.field("file_name", JSONValue.null)
            $0.field("metadata", metadata)
            $0.field("tags", tags)
            $0.field("id", id)
            $0.field("text", text)
            // There are no vectors yet, and so nothing to say how they were made.
            $0.field("embedding", JSONValue.null)
            $0.field("embedding_config", JSONValue.null)
        }
    }
}

/// A new passage of an archive.
public struct CreatePassage: Codable, Sendable {
    public var text: String
    public var metadata: ObjectDocument?
    public var tags: [String]?
    /// Left out: now.
    public var createdAt: Timestamp?

    public init(text: String, tags: [String]? = nil) {
        self.text = text
        self.tags = tags
    }

    enum CodingKeys: String, CodingKey {
        case text, metadata, tags
        case createdAt = "created_at"
    }
}

/// Several new passages of an archive.
public struct CreatePassages: Codable, Sendable {
    public var passages: [CreatePassage]

    public init(_ passages: [CreatePassage]) {
        self.passages = passages
    }
}
