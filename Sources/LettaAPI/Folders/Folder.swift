public import JSON

/// Files that agents can read. Folders were called sources before, and their ids still begin with `source`.
public struct Folder: ListedResource, Codable, Sendable, Equatable, JSONWritable, JSONFlattened {
    public static let idPrefix = "source"

    public var id: ID<Folder>
    /// Unique in an organization. Agents see the files as `name/file`.
    public var name: String
    public var description: String?
    /// How agents should use the folder.
    public var instructions: String?
    public var metadata: ObjectDocument?
    /// Nil where files are found by their words alone.
    public var embeddingConfig: Document<EmbeddingConfig>?
    public var organizationID: String
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: ID<Folder>, name: String, embeddingConfig: Document<EmbeddingConfig>?, organizationID: String,
        createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.embeddingConfig = embeddingConfig
        self.organizationID = organizationID
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

/// A folder as the routes below `/v1/sources` and agents show it.
public struct Source: ListElement, Codable, Sendable, JSONWritable {
    public var folder: Folder
    public private(set) var vectorDBProvider: String? = "native"

    public var cursor: String { folder.cursor }

    public init(_ folder: Folder) {
        self.folder = folder
    }
}

/// A new folder. Without `embedding` and `embedding_config` the server's local model embeds its files, where there is one.
public struct CreateFolder: Codable, Sendable {
    public var name: String
    public var description: String?
    public var instructions: String?
    public var metadata: ObjectDocument?
    /// The handle of an embedding model.
    public var embedding: String?
    /// In tokens.
    public var embeddingChunkSize: Int?
    public var embeddingConfig: EmbeddingConfig?

    public init(name: String, embedding: String? = nil) {
        self.name = name
        self.embedding = embedding
    }
}

/// The changes a client may make to a folder. A field left out keeps its value.
public struct UpdateFolder: Codable, Sendable {
    public var name: Patch<String> = .keep
    public var description: Patch<String> = .keep
    public var instructions: Patch<String> = .keep
    public var metadata: Patch<ObjectDocument> = .keep
    public var embeddingConfig: Patch<EmbeddingConfig> = .keep

    public init() {}
}

public struct ListFolders: PageQuery {
    public var name: String?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// Whether statistics name each folder and its files.
public struct FolderStatisticsQuery: Codable, Sendable {
    public var includeDetailedPerSourceMetadata: Bool?

    public init() {}
}

/// The number and size of all files of an organization.
public struct FolderTotals: Codable, Sendable, JSONWritable {
    public var totalSources = 0
    public var totalFiles = 0
    /// In bytes.
    public var totalSize = 0
    /// Empty unless asked for.
    public var sources: [FolderStatistics] = []

    public init() {}
}

/// The number and size of the files of a folder.
public struct FolderStatistics: Codable, Sendable, JSONWritable {
    public struct File: Codable, Sendable, JSONWritable {
        public var fileID: ID<FileMetadata>
        public var fileName: String
        public var fileSize: Int?

        public init(id: ID<FileMetadata>, name: String, size: Int?) {
            fileID = id
            fileName = name
            fileSize = size
        }
    }

    public var sourceID: ID<Folder>
    public var sourceName: String
    public var fileCount = 0
    public var totalSize = 0
    public var files: [File] = []

    public init(of folder: Folder, files: [File]) {
        sourceID = folder.id
        sourceName = folder.name
        self.files = files
        fileCount = files.count
        totalSize = files.reduce(0) { $0 + ($1.fileSize ?? 0) }
    }
}

extension API {
    public enum Folders {
        public static let list = Endpoint<NoPath, ListFolders, NoBody, [Folder]>(
            .get, "/v1/folders/", "Lists folders, oldest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateFolder, Folder>(
            .post, "/v1/folders/", "Creates a folder.")
        public static let count = Endpoint<NoPath, NoQuery, NoBody, Int>(
            .get, "/v1/folders/count", "Counts folders.")
        public static let totals = Endpoint<NoPath, FolderStatisticsQuery, NoBody, FolderTotals>(
            .get, "/v1/folders/metadata", "Counts the files of all folders and their bytes.")
        public static let statistics = Endpoint<ID<Folder>, NoQuery, NoBody, FolderStatistics>(
            .get, "/v1/folders/{folder_id}/metadata", "Counts the files of a folder and their bytes.")
        public static let named = Endpoint<TextPath, NoQuery, NoBody, ID<Folder>>(
            .get, "/v1/folders/name/{folder_name}", "Retrieves the id of the folder with a name.",
            aliases: ["/v1/folders/by-name?name={folder_name}"])
        public static let retrieve = Endpoint<ID<Folder>, NoQuery, NoBody, Folder>(
            .get, "/v1/folders/{folder_id}", "Retrieves a folder.")
        public static let update = Endpoint<ID<Folder>, NoQuery, UpdateFolder, Folder>(
            .patch, "/v1/folders/{folder_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<Folder>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/folders/{folder_id}", "Deletes a folder with its files and detaches it from every agent.")
        public static let agents = Endpoint<ID<Folder>, ListRelated, NoBody, [String]>(
            .get, "/v1/folders/{folder_id}/agents", "Lists the ids of the agents that have a folder, newest first.")
        public static let files = Endpoint<ID<Folder>, ListFiles, NoBody, [FileMetadata]>(
            .get, "/v1/folders/{folder_id}/files", "Lists the files of a folder, newest first.")
        public static let file = Endpoint<NestedPath<Folder, FileMetadata>, RetrieveFile, NoBody, FileMetadata>(
            .get, "/v1/folders/{folder_id}/files/{file_id}", "Retrieves a file of a folder.")
        public static let deleteFile = Endpoint<NestedPath<Folder, FileMetadata>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/folders/{folder_id}/{file_id}", "Deletes a file of a folder.", status: 204)
        public static let passages = Endpoint<ID<Folder>, ListRelated, NoBody, [Passage]>(
            .get, "/v1/folders/{folder_id}/passages", "Lists the passages of a folder's files, newest first.")
    }

    /// The older spelling of the folder operations.
    public enum Sources {
        public static let list = Endpoint<NoPath, ListFolders, NoBody, [Source]>(
            .get, "/v1/sources/", "Lists folders, oldest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateFolder, Source>(
            .post, "/v1/sources/", "Creates a folder.")
        public static let count = Endpoint<NoPath, NoQuery, NoBody, Int>(
            .get, "/v1/sources/count", "Counts folders.")
        public static let totals = Endpoint<NoPath, FolderStatisticsQuery, NoBody, FolderTotals>(
            .get, "/v1/sources/metadata", "Counts the files of all folders and their bytes.")
        public static let named = Endpoint<TextPath, NoQuery, NoBody, ID<Folder>>(
            .get, "/v1/sources/name/{source_name}", "Retrieves the id of the folder with a name.",
            aliases: ["/v1/sources/by-name?name={source_name}"])
        public static let retrieve = Endpoint<ID<Folder>, NoQuery, NoBody, Source>(
            .get, "/v1/sources/{source_id}", "Retrieves a folder.")
        public static let update = Endpoint<ID<Folder>, NoQuery, UpdateFolder, Source>(
            .patch, "/v1/sources/{source_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<Folder>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/sources/{source_id}", "Deletes a folder with its files and detaches it from every agent.")
        public static let agents = Endpoint<ID<Folder>, ListRelated, NoBody, [String]>(
            .get, "/v1/sources/{source_id}/agents", "Lists the ids of the agents that have a folder, newest first.")
        public static let files = Endpoint<ID<Folder>, ListFiles, NoBody, [FileMetadata]>(
            .get, "/v1/sources/{source_id}/files", "Lists the files of a folder, oldest first.")
        public static let file = Endpoint<NestedPath<Folder, FileMetadata>, RetrieveFile, NoBody, FileMetadata>(
            .get, "/v1/sources/{source_id}/files/{file_id}", "Retrieves a file of a folder.")
        public static let deleteFile = Endpoint<NestedPath<Folder, FileMetadata>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/sources/{source_id}/{file_id}", "Deletes a file of a folder.",
            aliases: ["/v1/sources/{source_id}/files?file_id={file_id}"], status: 204)
        public static let passages = Endpoint<ID<Folder>, ListRelated, NoBody, [Passage]>(
            .get, "/v1/sources/{source_id}/passages", "Lists the passages of a folder's files, oldest first.")
    }
}
