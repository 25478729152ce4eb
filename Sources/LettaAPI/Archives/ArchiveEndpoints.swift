public import JSON

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
            .patch, "/v1/agents/{agent_id}/archives/attach/{archive_id}", "Gives an archive to an agent that has none.")
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

    enum CodingKeys: String, CodingKey {
        case name, before, after, limit, order
        case agentID = "agent_id"
    }
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
