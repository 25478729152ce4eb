public import JSON

/// A file of a folder.
public struct FileMetadata: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "file"

    public var id: ID<FileMetadata>
    public var sourceID: ID<Folder>
    /// Unique in the folder.
    public var fileName: String
    /// The name that it was uploaded with.
    public var originalFileName: String?
    public var filePath: String?
    /// The MIME type.
    public var fileType: String?
    /// In bytes.
    public var fileSize: Int?
    public var fileCreationDate: String?
    public var fileLastModifiedDate: String?
    public var processingStatus: FileProcessingStatus
    public var errorMessage: String?
    public var totalChunks: Int?
    public var chunksEmbedded: Int?
    /// Nil unless asked for.
    public var content: String?
    public var organizationID: String
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: ID<FileMetadata>, in folder: ID<Folder>, name: String, organizationID: String, createdAt: Timestamp
    ) {
        self.id = id
        sourceID = folder
        fileName = name
        originalFileName = name
        processingStatus = .pending
        self.organizationID = organizationID
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

public enum FileProcessingStatus: String, Codable, Sendable, CaseIterable, JSONWritable {
    case pending, parsing, embedding, completed, error
}

public struct ListFiles: PageQuery {
    public var includeContent: Bool?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

public struct RetrieveFile: Codable, Sendable {
    public var includeContent: Bool?

    public init() {}
}
