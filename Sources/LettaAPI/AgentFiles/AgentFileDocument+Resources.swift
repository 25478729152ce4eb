public import JSON

extension AgentFileDocument {
    public struct SourceEntry: Codable, Sendable {
        public var name: String
        public var description: String?
        public var instructions: String?
        public var metadata: ObjectDocument?
        public var embedding: String?
        public var embeddingChunkSize: Int?
        public var embeddingConfig: EmbeddingConfig?
        public var id: String

        public init(_ folder: Folder, id: String) throws {
            name = folder.name
            description = folder.description
            instructions = folder.instructions
            metadata = folder.metadata
            embeddingConfig = try folder.embeddingConfig?.content()
            embedding = embeddingConfig?.handle
            embeddingChunkSize = embeddingConfig?.embeddingChunkSize
            self.id = id
        }
    }

    /// A file of a source with its text. Its passages are not part of the format.
    public struct FileEntry: Codable, Sendable {
        public var sourceID: String
        public var fileName: String?
        public var originalFileName: String?
        public var filePath: String?
        public var fileType: String?
        public var fileSize: Int?
        public var fileCreationDate: String?
        public var fileLastModifiedDate: String?
        public var processingStatus: FileProcessingStatus?
        public var errorMessage: String?
        public var totalChunks: Int?
        public var chunksEmbedded: Int?
        public var content: String?
        public var id: String

        public init(_ file: FileMetadata, content: String?, id: String, source: String) {
            sourceID = source
            fileName = file.fileName
            originalFileName = file.originalFileName
            filePath = file.filePath
            fileType = file.fileType
            fileSize = file.fileSize
            fileCreationDate = file.fileCreationDate
            fileLastModifiedDate = file.fileLastModifiedDate
            processingStatus = file.processingStatus
            errorMessage = file.errorMessage
            self.content = content
            self.id = id
        }
    }

    public struct ToolEntry: Codable, Sendable {
        public var id: String
        public var toolType: String?
        public var description: String?
        public var sourceType: String?
        public var name: String?
        public var tags: [String]?
        public var sourceCode: String?
        public var jsonSchema: ObjectDocument?
        public var argsJSONSchema: ObjectDocument?
        public var returnCharLimit: Int?
        public var pipRequirements: [ToolRequirement]?
        public var npmRequirements: [ToolRequirement]?
        public var defaultRequiresApproval: Bool?
        public var enableParallelExecution: Bool?
        public var createdByID: String?
        public var lastUpdatedByID: String?
        public var metadata: ObjectDocument?
        public var projectID: String?

        enum CodingKeys: String, CodingKey {
            case id, toolType, description, sourceType, name, tags, sourceCode, jsonSchema, argsJSONSchema
            case returnCharLimit, pipRequirements, npmRequirements, defaultRequiresApproval, enableParallelExecution
            case createdByID, lastUpdatedByID, projectID
            case metadata = "metadata_"
        }

        public init(id: String) {
            self.id = id
        }
    }

    /// An MCP server without its secrets.
    public struct ServerEntry: Codable, Sendable {
        public var id: String
        public var serverType: String
        public var serverName: String
        public var serverURL: String?
        public var stdioConfig: ObjectDocument?
        public var metadata: ObjectDocument?

        enum CodingKeys: String, CodingKey {
            case id, serverType, serverName, serverURL, stdioConfig
            case metadata = "metadata_"
        }

        public init(id: String, type: String, name: String) {
            self.id = id
            serverType = type
            serverName = name
        }
    }

    /// A folder of instructions and scripts: its files, or where to find them.
    public struct SkillEntry: Codable, Sendable, JSONWritable {
        public var name: String
        public var files: [String: String]?
        public var sourceURL: String?

        public init(name: String) {
            self.name = name
        }
    }
}
