public import JSON

extension API {
    /// Tools on their own, whether attached to agents or not.
    public enum Tools {
        public static let list = Endpoint<NoPath, ListTools, NoBody, [Tool]>(
            .get, "/v1/tools/", "Lists tools, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateTool, Tool>(
            .post, "/v1/tools/", "Creates a tool from Python source, or replaces the one of the same name.")
        public static let upsert = Endpoint<NoPath, NoQuery, CreateTool, Tool>(
            .put, "/v1/tools/", "Creates a tool from Python source, or replaces the one of the same name.")
        public static let count = Endpoint<NoPath, CountTools, NoBody, Int>(
            .get, "/v1/tools/count", "Counts tools.")
        public static let retrieve = Endpoint<ID<Tool>, NoQuery, NoBody, Tool>(
            .get, "/v1/tools/{tool_id}", "Retrieves a tool.")
        public static let update = Endpoint<ID<Tool>, NoQuery, UpdateTool, Tool>(
            .patch, "/v1/tools/{tool_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<Tool>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/tools/{tool_id}", "Deletes a tool and takes it from every agent.")
        public static let run = Endpoint<NoPath, NoQuery, RunTool, LettaMessage>(
            .post, "/v1/tools/run", "Runs Python source once in the sandbox, without keeping it.",
            aliases: ["/v1/tools/run-from-source"])
        public static let generateSchema = Endpoint<NoPath, NoQuery, ToolSource, ObjectDocument>(
            .post, "/v1/tools/generate-schema", "Makes the JSON schema of the last function of Python source.")
        public static let addBaseTools = Endpoint<NoPath, NoQuery, NoBody, [Tool]>(
            .post, "/v1/tools/add-base-tools", "Adds the base tools that are missing and returns all of them.",
            aliases: ["/v1/tools/upsert-base"])
    }
}

/// Which tools a list shows. Filters that are left out do not filter.
public struct ListTools: PageQuery {
    public var name: String?
    public var names: [String]?
    public var toolIDs: [String]?
    /// A part of the name.
    public var search: String?
    public var toolTypes: [String]?
    public var excludeToolTypes: [String]?
    public var returnOnlyLettaTools: Bool?
    public var before: String?
    public var after: String?
    /// Left out: 50. Zero: all.
    public var limit: Int?
    public var order: SortOrder?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case name, names, search, before, after, limit, order
        case toolIDs = "tool_ids"
        case toolTypes = "tool_types"
        case excludeToolTypes = "exclude_tool_types"
        case returnOnlyLettaTools = "return_only_letta_tools"
    }
}

/// Which tools are counted.
public struct CountTools: Codable, Sendable {
    public var name: String?
    public var names: [String]?
    public var toolIDs: [String]?
    public var search: String?
    public var toolTypes: [String]?
    public var excludeToolTypes: [String]?
    public var returnOnlyLettaTools: Bool?
    public var excludeLettaTools: Bool?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case name, names, search
        case toolIDs = "tool_ids"
        case toolTypes = "tool_types"
        case excludeToolTypes = "exclude_tool_types"
        case returnOnlyLettaTools = "return_only_letta_tools"
        case excludeLettaTools = "exclude_letta_tools"
    }
}
