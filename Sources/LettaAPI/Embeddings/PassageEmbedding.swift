public import JSON

/// How far the passages of an archive or a folder are embedded, and by which model.
public struct PassageEmbedding: Codable, Sendable, JSONWritable {
    /// Nil where passages are found by their words alone.
    public var embeddingConfig: Document<EmbeddingConfig>?
    public var passages = 0
    /// The passages that wait for their vectors and are found by their words meanwhile.
    public var waiting = 0
    /// Why the model failed the last time it was called.
    public var error: String?
    /// The model that replaces the other one as soon as it has embedded all passages.
    public var next: Next?

    public struct Next: Codable, Sendable, JSONWritable {
        public var embeddingConfig: Document<EmbeddingConfig>
        public var passages: Int
        public var waiting: Int
        public var error: String?

        public init(embeddingConfig: Document<EmbeddingConfig>, passages: Int, waiting: Int, error: String?) {
            self.embeddingConfig = embeddingConfig
            self.passages = passages
            self.waiting = waiting
            self.error = error
        }
    }

    public init(embeddingConfig: Document<EmbeddingConfig>?) {
        self.embeddingConfig = embeddingConfig
    }
}

/// The model that an archive or a folder is moved to. Either `embedding` or `embedding_config` is needed.
public struct ChangeEmbedding: Codable, Sendable {
    /// The handle of an embedding model.
    public var embedding: String?
    public var embeddingConfig: EmbeddingConfig?

    public init(embedding: String) {
        self.embedding = embedding
    }
}

extension API {
    /// The embedding models of archives and folders. These routes are this server's own.
    public enum PassageEmbeddings {
        public static let archive = Endpoint<ID<Archive>, NoQuery, NoBody, PassageEmbedding>(
            .get, "/v1/archives/{archive_id}/embedding", "Tells how far the passages of an archive are embedded.")
        public static let changeArchive = Endpoint<ID<Archive>, NoQuery, ChangeEmbedding, PassageEmbedding>(
            .post, "/v1/archives/{archive_id}/embedding",
            "Moves an archive to another embedding model in the background.")
        public static let folder = Endpoint<ID<Folder>, NoQuery, NoBody, PassageEmbedding>(
            .get, "/v1/folders/{folder_id}/embedding", "Tells how far the passages of a folder are embedded.")
        public static let changeFolder = Endpoint<ID<Folder>, NoQuery, ChangeEmbedding, PassageEmbedding>(
            .post, "/v1/folders/{folder_id}/embedding",
            "Moves a folder to another embedding model in the background.")
    }
}
