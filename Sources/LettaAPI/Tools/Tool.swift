public import JSON

/// Something an agent can call.
public struct Tool: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "tool"

    public var id: ID<Tool>
    public var toolType: String
    public var name: String
    public var description: String?
    public var sourceType: String?
    public var sourceCode: String?
    public var jsonSchema: RawJSON?
    public var argsJSONSchema: RawJSON?
    public var tags: [String]
    /// The most characters of a result that the model sees.
    public var returnCharLimit: Int
    public var pipRequirements: RawJSON?
    public var npmRequirements: RawJSON?
    /// How far the packages of `pip_requirements` are installed: `pending`, `building`, `ready` or `failed`; `off` where
    /// the operator allows none. Nil without requirements.
    public var packagesStatus: String?
    /// Why packages could not be installed.
    public var packagesDetail: String?
    public var defaultRequiresApproval: Bool?
    public var enableParallelExecution: Bool?
    public var metadata: ObjectDocument?
    public var projectID: String?
    public var createdByID: String?
    public var lastUpdatedByID: String?

    public init(id: ID<Tool>, toolType: String, name: String, tags: [String], returnCharLimit: Int) {
        self.id = id
        self.toolType = toolType
        self.name = name
        self.tags = tags
        self.returnCharLimit = returnCharLimit
    }

    enum CodingKeys: String, CodingKey {
        case id, name, description, tags, toolType, sourceType, sourceCode, jsonSchema, argsJSONSchema
        case returnCharLimit, pipRequirements, npmRequirements, defaultRequiresApproval, enableParallelExecution
        case packagesStatus, packagesDetail
        case projectID, createdByID, lastUpdatedByID
        case metadata = "metadata_"
    }
}

/// A package that a tool wants installed.
public struct ToolRequirement: Codable, Sendable, Hashable, JSONWritable {
    public var name: String
    public var version: String?

    public init(_ name: String, version: String? = nil) {
        self.name = name
        self.version = version
    }
}

/// A new tool, or what one of the same name is to be from now on.
public struct CreateTool: Codable, Sendable {
    /// Left out: the client runs the tool, which `name`, `description` and `parameters` describe.
    public var sourceCode: String?
    /// The name of a tool that the client runs. A tool with source is called as its function or its schema says.
    public var name: String?
    /// The JSON schema of the arguments of a tool that the client runs.
    public var parameters: ObjectDocument?
    /// `python` when left out; `typescript` needs node on the server's machine.
    public var sourceType: String?
    /// Left out: what the docstring says.
    public var description: String?
    public var tags: [String]?
    /// Left out: made from the signature and the docstring of the last function.
    public var jsonSchema: ObjectDocument?
    /// What the parameters are made from, instead of the signature.
    public var argsJSONSchema: ObjectDocument?
    /// The most characters of a result that the model sees: 1 to 1,000,000.
    public var returnCharLimit: Int?
    public var pipRequirements: [ToolRequirement]?
    public var npmRequirements: [ToolRequirement]?
    public var defaultRequiresApproval: Bool?
    public var enableParallelExecution: Bool?

    public init(sourceCode: String) {
        self.sourceCode = sourceCode
    }
}

/// The changes a client may make to a tool. New source without a schema gets a new schema, and with it its name.
public struct UpdateTool: Codable, Sendable {
    /// A tool is called as its schema and its source say: another name is refused.
    public var name: Patch<String> = .keep
    public var description: Patch<String> = .keep
    public var tags: Patch<[String]> = .keep
    public var sourceCode: Patch<String> = .keep
    public var sourceType: Patch<String> = .keep
    public var jsonSchema: Patch<ObjectDocument> = .keep
    public var argsJSONSchema: Patch<ObjectDocument> = .keep
    public var returnCharLimit: Patch<Int> = .keep
    public var pipRequirements: Patch<[ToolRequirement]> = .keep
    public var npmRequirements: Patch<[ToolRequirement]> = .keep
    public var metadata: Patch<ObjectDocument> = .keep
    public var defaultRequiresApproval: Patch<Bool> = .keep
    public var enableParallelExecution: Patch<Bool> = .keep

    public init() {}

    enum CodingKeys: String, CodingKey {
        case name, description, tags, sourceCode, sourceType, jsonSchema, argsJSONSchema, returnCharLimit,
            pipRequirements
        case npmRequirements, defaultRequiresApproval, enableParallelExecution
        case metadata = "metadata_"
    }
}

/// Source to run once.
public struct RunTool: Codable, Sendable {
    public var sourceCode: String
    public var args: ObjectDocument
    public var envVars: [String: String]?
    /// The function to run; left out: the last one.
    public var name: String?
    public var sourceType: String?
    public var jsonSchema: ObjectDocument?
    public var argsJSONSchema: ObjectDocument?
    /// Packages that are installed already because a tool needs the same.
    public var pipRequirements: [ToolRequirement]?

    public init(sourceCode: String, args: JSONObject) {
        self.sourceCode = sourceCode
        self.args = ObjectDocument(args)
    }
}

/// Source to make a schema from.
public struct ToolSource: Codable, Sendable {
    public var code: String

    public init(code: String) {
        self.code = code
    }
}

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
            .post, "/v1/tools/run", "Runs Python source once in the sandbox, without keeping it.")
        public static let generateSchema = Endpoint<NoPath, NoQuery, ToolSource, ObjectDocument>(
            .post, "/v1/tools/generate-schema", "Makes the JSON schema of the last function of Python source.")
        public static let generate = Endpoint<NoPath, NoQuery, GenerateTool, GeneratedTool>(
            .post, "/v1/tools/generate-tool", "Has a model write a tool, without keeping it.")
        public static let search = Endpoint<NoPath, NoQuery, SearchTools, [FoundTool]>(
            .post, "/v1/tools/search", "Searches tools by the words of their names, descriptions and tags.")
        public static let addBaseTools = Endpoint<NoPath, NoQuery, NoBody, [Tool]>(
            .post, "/v1/tools/add-base-tools", "Adds the base tools that are missing and returns all of them.")
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
}
