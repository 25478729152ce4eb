public import JSON

extension API {
    /// What one agent keeps for the long term, out of its context.
    public enum ArchivalMemory {
        public static let list = Endpoint<ID<AgentState>, ListArchivalMemory, NoBody, [Passage]>(
            .get, "/v1/agents/{agent_id}/archival-memory", "Lists an agent's archival memories, oldest first.")
        public static let create = Endpoint<ID<AgentState>, NoQuery, CreateArchivalMemory, [Passage]>(
            .post, "/v1/agents/{agent_id}/archival-memory", "Adds a memory to an agent's default archive.")
        public static let search = Endpoint<ID<AgentState>, SearchArchivalMemory, NoBody, ArchivalSearchResponse>(
            .get, "/v1/agents/{agent_id}/archival-memory/search",
            "Finds an agent's archival memories by their words and their meaning, the best first.")
        public static let update = Endpoint<NamedPath<AgentState>, NoQuery, UpdateArchivalMemory?, [Passage]>(
            .patch, "/v1/agents/{agent_id}/archival-memory/{memory_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<NamedPath<AgentState>, NoQuery, NoBody, MessageOutput>(
            .delete, "/v1/agents/{agent_id}/archival-memory/{memory_id}", "Deletes a memory from an agent's archives.")
    }
}

/// Pages through an agent's archival memories.
public struct ListArchivalMemory: PageQuery {
    /// Only memories in which this text stands.
    public var search: String?
    /// Left out: oldest first.
    public var ascending: Bool?
    public var before: String?
    public var after: String?
    public var limit: Int?

    public init() {}

    public var order: SortOrder? {
        get { ascending.map { $0 ? .ascending : .descending } }
        set { ascending = newValue.map { $0 == .ascending } }
    }
}

/// A new archival memory.
public struct CreateArchivalMemory: Codable, Sendable {
    public var text: String
    public var tags: [String]?
    /// Left out: now.
    public var createdAt: Timestamp?

    public init(text: String, tags: [String]? = nil) {
        self.text = text
        self.tags = tags
    }
}

/// The changes a client may make to a memory. A field left out keeps its value.
public struct UpdateArchivalMemory: Codable, Sendable {
    public var text: Patch<String> = .keep
    public var tags: Patch<[String]> = .keep
    public var metadata: Patch<ObjectDocument> = .keep

    public init() {}
}

/// What archival memories are looked for.
public struct SearchArchivalMemory: Codable, Sendable {
    public var query: String
    public var tags: [String]?
    /// Left out: one of the tags is enough.
    public var tagMatchMode: TagMatchMode?
    /// Left out: 10.
    public var topK: Int?
    public var startDatetime: DayOrTime?
    public var endDatetime: DayOrTime?

    public init(_ query: String) {
        self.query = query
    }
}

/// The archival memories that a search found, the best first.
public struct ArchivalSearchResponse: Codable, Sendable, JSONWritable {
    public struct Result: Codable, Sendable, JSONWritable {
        public var id: ID<Passage>
        /// In the agent's time zone: `2026-01-31T14:30:00.000000+00:00`.
        public var timestamp: String
        public var content: String
        public var tags: [String]

        public init(id: ID<Passage>, timestamp: String, content: String, tags: [String]) {
            self.id = id
            self.timestamp = timestamp
            self.content = content
            self.tags = tags
        }
    }

    public var results: [Result]
    public var count: Int

    public init(_ results: [Result]) {
        self.results = results
        count = results.count
    }
}
