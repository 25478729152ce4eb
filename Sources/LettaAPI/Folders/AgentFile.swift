public import JSON

/// A file that an agent has through one of its folders.
public struct AgentFile: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "file_agent"

    public var id: ID<AgentFile>
    public var fileID: ID<FileMetadata>
    /// As agents see it: `folder/file`.
    public var fileName: String
    public var folderID: ID<Folder>
    public var folderName: String
    /// Whether the file's text is in the agent's context.
    public var isOpen: Bool
    public var lastAccessedAt: Timestamp?
    public var visibleContent: String?
    /// The first visible line; nil when the view starts with the file.
    public var startLine: Int?
    public var endLine: Int?

    public init(
        id: ID<AgentFile>, file: ID<FileMetadata>, name: String, folder: ID<Folder>, folderName: String, isOpen: Bool
    ) {
        self.id = id
        fileID = file
        fileName = name
        folderID = folder
        self.folderName = folderName
        self.isOpen = isOpen
    }
}

/// A page of the files of an agent.
public struct AgentFiles: Codable, Sendable, JSONWritable {
    public var files: [AgentFile]
    /// The `after` of the next page; nil for a page without files.
    public var nextCursor: String?
    public var hasMore: Bool

    public init(_ files: [AgentFile], hasMore: Bool) {
        self.files = files
        nextCursor = files.last?.id.rawValue
        self.hasMore = hasMore
    }
}

public struct ListAgentFiles: PageQuery {
    public var isOpen: Bool?
    public var before: String?
    public var after: String?
    /// The older spelling of `after`.
    public var cursor: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// A file of an agent in the form of a block.
public struct FileBlock: Codable, Sendable, JSONWritable {
    public var block: Block
    public var fileID: ID<FileMetadata>
    public var sourceID: ID<Folder>
    public var isOpen: Bool
    public var lastAccessedAt: Timestamp?

    public init(_ file: AgentFile, limit: Int) {
        let id = file.id.rawValue.dropFirst(AgentFile.idPrefix.count)
        block = Block(
            id: ID("\(Block.idPrefix)\(id)"), label: file.fileName,
            value: file.isOpen ? file.visibleContent ?? "" : "", limit: limit)
        block.readOnly = true
        block.metadata = ObjectDocument()
        block.preserveOnMigration = false
        fileID = file.fileID
        sourceID = file.folderID
        isOpen = file.isOpen
        lastAccessedAt = file.lastAccessedAt
    }

    private enum CodingKeys: CodingKey {
        case fileID, sourceID, isOpen, lastAccessedAt
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        block = try Block(from: fields.superDecoder())
        fileID = try fields.decode(ID<FileMetadata>.self, forKey: .fileID)
        sourceID = try fields.decode(ID<Folder>.self, forKey: .sourceID)
        isOpen = try fields.decode(Bool.self, forKey: .isOpen)
        lastAccessedAt = try fields.decodeIfPresent(Timestamp.self, forKey: .lastAccessedAt)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try block.encode(to: fields.superEncoder())
        try fields.encode(fileID, forKey: .fileID)
        try fields.encode(sourceID, forKey: .sourceID)
        try fields.encode(isOpen, forKey: .isOpen)
        try fields.encode(lastAccessedAt, forKey: .lastAccessedAt)
    }
}

extension API {
    /// The folders of an agent, and their files.
    public enum AgentFolders {
        public static let list = Endpoint<ID<AgentState>, ListRelated, NoBody, [Source]>(
            .get, "/v1/agents/{agent_id}/folders", "Lists the folders of an agent, newest first.")
        public static let attach = Endpoint<NestedPath<AgentState, Folder>, NoQuery, NoBody, AgentState?>(
            .patch, "/v1/agents/{agent_id}/folders/attach/{folder_id}", "Attaches a folder to an agent.")
        public static let detach = Endpoint<NestedPath<AgentState, Folder>, NoQuery, NoBody, AgentState?>(
            .patch, "/v1/agents/{agent_id}/folders/detach/{folder_id}", "Detaches a folder from an agent.")
        public static let listSources = Endpoint<ID<AgentState>, ListRelated, NoBody, [Source]>(
            .get, "/v1/agents/{agent_id}/sources", "Lists the folders of an agent, newest first.")
        public static let attachSource = Endpoint<NestedPath<AgentState, Folder>, NoQuery, NoBody, AgentState?>(
            .patch, "/v1/agents/{agent_id}/sources/attach/{source_id}", "Attaches a folder to an agent.")
        public static let detachSource = Endpoint<NestedPath<AgentState, Folder>, NoQuery, NoBody, AgentState?>(
            .patch, "/v1/agents/{agent_id}/sources/detach/{source_id}", "Detaches a folder from an agent.")
        public static let files = Endpoint<ID<AgentState>, ListAgentFiles, NoBody, AgentFiles>(
            .get, "/v1/agents/{agent_id}/files", "Lists the files of an agent, newest first.")
        public static let open = Endpoint<NestedPath<AgentState, FileMetadata>, NoQuery, NoBody, [String]>(
            .patch, "/v1/agents/{agent_id}/files/{file_id}/open",
            "Shows a file to an agent and returns the names of those closed for it.")
        public static let close = Endpoint<NestedPath<AgentState, FileMetadata>, NoQuery, NoBody, MessageOutput>(
            .patch, "/v1/agents/{agent_id}/files/{file_id}/close", "Closes a file of an agent.")
        public static let closeAll = Endpoint<ID<AgentState>, NoQuery, NoBody, [String]>(
            .patch, "/v1/agents/{agent_id}/files/close-all", "Closes all files of an agent and returns their names.")
    }
}
