public import JSON

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
    public var connectedToAgentsCountGreaterThan: Int?
    public var connectedToAgentsCountLessThan: Int?
    public var connectedToAgentsCountEqual: [Int]?
    public var before: String?
    public var after: String?
    /// Left out: up to 1,000. Zero: all.
    public var limit: Int?
    public var order: SortOrder?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case label, name, tags, before, after, limit, order
        case templatesOnly = "templates_only"
        case identityID = "identity_id"
        case identifierKeys = "identifier_keys"
        case projectID = "project_id"
        case matchAllTags = "match_all_tags"
        case labelSearch = "label_search"
        case descriptionSearch = "description_search"
        case valueSearch = "value_search"
        case readOnly = "read_only"
        case connectedToAgentsCountGreaterThan = "connected_to_agents_count_gt"
        case connectedToAgentsCountLessThan = "connected_to_agents_count_lt"
        case connectedToAgentsCountEqual = "connected_to_agents_count_eq"
    }
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

    enum CodingKeys: String, CodingKey {
        case label, name, tags
        case templatesOnly = "templates_only"
        case matchAllTags = "match_all_tags"
        case projectID = "project_id"
    }
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

    enum CodingKeys: String, CodingKey {
        case before, after, limit, order, include
        case includeRelationships = "include_relationships"
    }
}

/// Pages through the versions of a block.
public struct ListBlockHistory: Codable, Sendable {
    public var limit: Int?
    /// Only versions older than this number.
    public var before: Int?

    public init() {}
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

    enum CodingKeys: String, CodingKey {
        case version, label, value, limit, description, metadata
        case actorType = "actor_type"
        case actorID = "actor_id"
        case createdAt = "created_at"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("version", version)
            $0.field("label", label)
            $0.field("value", value)
            $0.field("limit", limit)
            $0.field("description", description)
            $0.field("metadata", metadata)
            $0.field("actor_type", actorType)
            $0.field("actor_id", actorID)
            $0.field("created_at", createdAt)
        }
    }
}
