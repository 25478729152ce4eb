public import JSON

/// A piece of core memory: text under a label, always in the sight of the agents it is attached to.
public struct Block: ListedResource, Codable, Sendable, Equatable, JSONWritable {
    public static let idPrefix = "block"

    public var id: ID<Block>
    public var label: String?
    public var value: String
    /// The most characters (Unicode scalars) that `value` may have.
    public var limit: Int
    public var description: String?
    public var metadata: ObjectDocument?
    /// Whether agents are kept from changing it. People may.
    public var readOnly: Bool
    public var tags: [String]
    public var hidden: Bool?
    public var isTemplate: Bool
    public var templateName: String?
    public var preserveOnMigration: Bool?
    public var origin: TemplateOrigin
    public var createdByID: String?
    public var lastUpdatedByID: String?

    public init(id: ID<Block>, label: String?, value: String, limit: Int) {
        self.id = id
        self.label = label
        self.value = value
        self.limit = limit
        readOnly = false
        tags = []
        isTemplate = false
        origin = TemplateOrigin()
    }
}

/// The value of a block as a client may send it: text, or a JSON object that is kept as its compact text.
public struct BlockValue: Codable, Sendable, Hashable {
    public var text: String

    public init(_ text: String) {
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        switch try JSONValue(from: decoder) {
        case .string(let text): self.text = text
        case .object(let object): text = JSONWriter.string(of: object)
        default:
            throw DecodingError.typeMismatch(
                String.self, .init(codingPath: decoder.codingPath, debugDescription: "neither text nor object"))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A new block. What is left out gets the documented default.
public struct CreateBlock: Codable, Sendable {
    public var label: String
    public var value: BlockValue?
    public var limit: Int?
    public var description: String?
    public var metadata: ObjectDocument?
    public var readOnly: Bool?
    public var tags: [String]?
    public var hidden: Bool?
    public var isTemplate: Bool?
    public var templateName: String?
    public var preserveOnMigration: Bool?
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?
    public var deploymentID: String?
    public var entityID: String?

    public init(label: String, value: String, limit: Int? = nil, description: String? = nil) {
        self.label = label
        self.value = BlockValue(value)
        self.limit = limit
        self.description = description
    }
}

/// The changes a client may make to a block. A field left out keeps its value; `null` clears what can be empty.
public struct UpdateBlock: Codable, Sendable {
    public var label: Patch<String> = .keep
    public var value: Patch<BlockValue> = .keep
    public var limit: Patch<Int> = .keep
    public var description: Patch<String> = .keep
    public var metadata: Patch<ObjectDocument> = .keep
    public var readOnly: Patch<Bool> = .keep
    public var tags: Patch<[String]> = .keep
    public var hidden: Patch<Bool> = .keep
    public var isTemplate: Patch<Bool> = .keep
    public var templateName: Patch<String> = .keep
    public var preserveOnMigration: Patch<Bool> = .keep
    public var projectID: Patch<String> = .keep
    public var templateID: Patch<String> = .keep
    public var baseTemplateID: Patch<String> = .keep
    public var deploymentID: Patch<String> = .keep
    public var entityID: Patch<String> = .keep

    public init() {}
}

extension API {
    /// Blocks on their own, whether attached to agents or not.
    public enum Blocks {
        public static let list = Endpoint<NoPath, ListBlocks, NoBody, [Block]>(
            .get, "/v1/blocks/", "Lists blocks, oldest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateBlock, Block>(
            .post, "/v1/blocks/", "Creates a block.")
        public static let count = Endpoint<NoPath, CountBlocks, NoBody, Int>(
            .get, "/v1/blocks/count", "Counts blocks.")
        public static let retrieve = Endpoint<ID<Block>, NoQuery, NoBody, Block>(
            .get, "/v1/blocks/{block_id}", "Retrieves a block.")
        public static let update = Endpoint<ID<Block>, NoQuery, UpdateBlock, Block>(
            .patch, "/v1/blocks/{block_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<Block>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/blocks/{block_id}", "Deletes a block and takes it from every agent.")
        public static let agents = Endpoint<ID<Block>, ListAttachedAgents, NoBody, [AgentState]>(
            .get, "/v1/blocks/{block_id}/agents", "Lists the agents a block is attached to.")
        public static let history = Endpoint<ID<Block>, ListBlockHistory, NoBody, [BlockVersion]>(
            .get, "/v1/blocks/{block_id}/history", "Lists the versions of a block, newest first, with who made them.")
    }

    /// The spellings of the block operations that the hosted product's own tools use.
    public enum InternalBlocks {
        public static let list = Endpoint<NoPath, ListBlocks, NoBody, [Block]>(
            .get, "/v1/_internal_blocks/", "Lists blocks, oldest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateBlock, Block>(
            .post, "/v1/_internal_blocks/", "Creates a block.")
        public static let delete = Endpoint<ID<Block>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/_internal_blocks/{block_id}", "Deletes a block and takes it from every agent.")
        public static let agents = Endpoint<ID<Block>, ListAttachedAgents, NoBody, [AgentState]>(
            .get, "/v1/_internal_blocks/{block_id}/agents", "Lists the agents a block is attached to.")
    }
}

/// Which blocks a list shows. Filters that are left out do not filter.
public struct ListBlocks: PageQuery {
    public var label: String?
    public var name: String?
    public var templatesOnly: Bool?
    public var identityID: String?
    public var identifierKeys: [String]?
    public var projectID: String?
    public var tags: [String]?
    public var matchAllTags: Bool?
    public var labelSearch: String?
    public var descriptionSearch: String?
    public var valueSearch: String?
    public var readOnly: Bool?
    public var connectedToAgentsCountGt: Int?
    public var connectedToAgentsCountLt: Int?
    public var connectedToAgentsCountEq: [Int]?
    public var before: String?
    public var after: String?
    /// Left out: up to 1,000. Zero: all.
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// Which blocks are counted.
public struct CountBlocks: Codable, Sendable {
    public var label: String?
    public var name: String?
    public var templatesOnly: Bool?
    public var tags: [String]?
    public var matchAllTags: Bool?
    public var projectID: String?

    public init() {}
}

/// Pages through the agents that something is attached to, newest first.
public struct ListAttachedAgents: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    public var includeRelationships: [String]?
    public var include: [AgentInclusion]?

    public init() {}
}

/// Pages through the versions of a block.
public struct ListBlockHistory: PageQuery {
    public var limit: Int?
    /// Only versions older than this number.
    public var beforeVersion: Int?

    public init() {}

    private enum CodingKeys: String, CodingKey {
        case limit
        case beforeVersion = "before"
    }
}

extension ListBlockHistory {
    public var before: String? {
        get { beforeVersion.map { String($0) } }
        set { beforeVersion = newValue.flatMap { Int($0) } }
    }

    /// There is no such bound.
    public var after: String? {
        get { nil }
        set {}
    }

    /// The newest version is the first one.
    public var order: SortOrder? {
        get { nil }
        set {}
    }
}

/// What a block was at one time, and who made it so.
public struct BlockVersion: Codable, Sendable, JSONWritable {
    /// Counts up from 1 for each block.
    public var version: Int
    public var label: String
    public var value: String
    public var limit: Int
    public var description: String?
    public var metadata: ObjectDocument?
    /// `user` or `agent`.
    public var actorType: String
    public var actorID: String
    public var createdAt: Timestamp

    public init(
        version: Int, label: String, value: String, limit: Int, description: String?, metadata: ObjectDocument?,
        actorType: String, actorID: String, createdAt: Timestamp
    ) {
        self.version = version
        self.label = label
        self.value = value
        self.limit = limit
        self.description = description
        self.metadata = metadata
        self.actorType = actorType
        self.actorID = actorID
        self.createdAt = createdAt
    }
}
