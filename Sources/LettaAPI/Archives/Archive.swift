public import JSON

/// A collection of passages that agents may share.
public struct Archive: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "archive"

    public var id: ID<Archive>
    public var name: String
    public var description: String?
    public var organizationID: String
    public private(set) var vectorDBProvider: String? = "native"
    /// The embedding model meant for its passages; nil where it is searched by words alone.
    public var embeddingConfig: Document<EmbeddingConfig>?
    public var metadata: ObjectDocument?
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
}

/// The changes a client may make to an archive. A field left out keeps its value.
public struct UpdateArchive: Codable, Sendable {
    public var name: Patch<String> = .keep
    public var description: Patch<String> = .keep

    public init() {}
}

extension API {
    /// Archives on their own, whether agents have them or not.
    public enum Archives {
        public static let list = Endpoint<NoPath, ListArchives, NoBody, [Archive]>(
            .get, "/v1/archives/", "Lists archives, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateArchive, Archive>(
            .post, "/v1/archives/", "Creates an archive.")
        public static let retrieve = Endpoint<ID<Archive>, NoQuery, NoBody, Archive>(
            .get, "/v1/archives/{archive_id}", "Retrieves an archive.")
        public static let update = Endpoint<ID<Archive>, NoQuery, UpdateArchive, Archive>(
            .patch, "/v1/archives/{archive_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<Archive>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/archives/{archive_id}",
            "Deletes an archive with its passages and takes it from every agent.", status: 204)
        public static let agents = Endpoint<ID<Archive>, ListArchiveAgents, NoBody, [AgentState]>(
            .get, "/v1/archives/{archive_id}/agents", "Lists the agents that have an archive.")
        public static let createPassage = Endpoint<ID<Archive>, NoQuery, CreatePassage, Passage>(
            .post, "/v1/archives/{archive_id}/passages", "Adds a passage to an archive.")
        public static let createPassages = Endpoint<ID<Archive>, NoQuery, CreatePassages, [Passage]>(
            .post, "/v1/archives/{archive_id}/passages/batch", "Adds several passages to an archive, all or none.")
        public static let deletePassage = Endpoint<NestedPath<Archive, Passage>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/archives/{archive_id}/passages/{passage_id}", "Deletes a passage of an archive.",
            status: 204)
        public static let attach = Endpoint<NestedPath<AgentState, Archive>, NoQuery, NoBody, NullOutput>(
            .patch, "/v1/agents/{agent_id}/archives/attach/{archive_id}", "Gives an archive to an agent.")
        public static let detach = Endpoint<NestedPath<AgentState, Archive>, NoQuery, NoBody, NullOutput>(
            .patch, "/v1/agents/{agent_id}/archives/detach/{archive_id}",
            "Takes an archive from an agent; the archive stays.")
    }
}

/// Which archives a list shows.
public struct ListArchives: PageQuery {
    public var name: String?
    public var agentID: String?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// Pages through the agents that have an archive.
public struct ListArchiveAgents: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    public var include: [AgentInclusion]?

    public init() {}
}
