public import JSON

/// A text in an archive: one memory.
public struct Passage: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "passage"

    public var id: ID<Passage>
    public var archiveID: ID<Archive>?
    public var text: String
    /// Nil for a passage without tags.
    public var tags: [String]?
    public var metadata: ObjectDocument?
    public var sourceID: ID<Folder>?
    public var fileID: String?
    public var fileName: String?
    /// Nil where there is no vector.
    public var embedding: [Double]?
    public var embeddingConfig: Document<EmbeddingConfig>?
    public private(set) var isDeleted: Bool? = false
    public var organizationID: String?
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp?
    public var updatedAt: Timestamp?

    public init(id: ID<Passage>, text: String) {
        self.id = id
        self.text = text
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
}

/// Several new passages of an archive.
public struct CreatePassages: Codable, Sendable {
    public var passages: [CreatePassage]

    public init(_ passages: [CreatePassage]) {
        self.passages = passages
    }
}

extension API {
    /// Passages of all archives.
    public enum Passages {
        public static let search = Endpoint<NoPath, NoQuery, SearchPassages, [FoundPassage]>(
            .post, "/v1/passages/search", "Finds passages by their words and their meaning, the best first.")
    }
}

extension API {
    public enum Embeddings {
        public static let totalStorageSize = Endpoint<NoPath, NoQuery, NoBody, Double>(
            .get, "/v1/embeddings/total_storage_size", "Tells the size of the stored embeddings.")
    }
}

/// How the tags of a search have to be met.
public enum TagMatchMode: String, Codable, Sendable, CaseIterable {
    case any, all
}

/// What passages are looked for. What is left out does not narrow the search.
public struct SearchPassages: Codable, Sendable {
    /// Left out: all passages, oldest first.
    public var query: String?
    public var agentID: String?
    public var archiveID: String?
    public var tags: [String]?
    /// Left out: one of the tags is enough.
    public var tagMatchMode: TagMatchMode?
    /// From 1 to 100; left out: 50.
    public var limit: Int?
    /// Without a query: the id of the passage after which the list goes on. An extension of this server.
    public var after: String?
    public var startDate: DayOrTime?
    public var endDate: DayOrTime?

    public init() {}
}

/// A passage that a search found.
public struct FoundPassage: Codable, Sendable, JSONWritable {
    public var passage: Passage
    /// How many of the query's words the passage has; with vectors, the sum of what words and meaning say.
    public var score: Double
    /// With vectors, how many of the query's `words` the passage has, and the `similarity` of its meaning.
    public var metadata: ObjectDocument? = ObjectDocument()

    public init(_ passage: Passage, score: Double) {
        self.passage = passage
        self.score = score
    }
}
