public import JSON

/// Something an agent can call.
public struct Tool: Resource, Codable, Sendable, JSONWritable {
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
        case id, name, description, tags
        case toolType = "tool_type"
        case sourceType = "source_type"
        case sourceCode = "source_code"
        case jsonSchema = "json_schema"
        case argsJSONSchema = "args_json_schema"
        case returnCharLimit = "return_char_limit"
        case pipRequirements = "pip_requirements"
        case npmRequirements = "npm_requirements"
        case defaultRequiresApproval = "default_requires_approval"
        case enableParallelExecution = "enable_parallel_execution"
        case metadata = "metadata_"
        case projectID = "project_id"
        case createdByID = "created_by_id"
        case lastUpdatedByID = "last_updated_by_id"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("tool_type", toolType)
            $0.field("description", description)
            $0.field("source_type", sourceType)
            $0.field("name", name)
            $0.field("tags", tags)
            $0.field("source_code", sourceCode)
            $0.field("json_schema", jsonSchema)
            $0.field("args_json_schema", argsJSONSchema)
            $0.field("return_char_limit", returnCharLimit)
            $0.field("pip_requirements", pipRequirements)
            $0.field("npm_requirements", npmRequirements)
            $0.field("default_requires_approval", defaultRequiresApproval)
            $0.field("enable_parallel_execution", enableParallelExecution)
            $0.field("created_by_id", createdByID)
            $0.field("last_updated_by_id", lastUpdatedByID)
            $0.field("metadata_", metadata)
            $0.field("project_id", projectID)
        }
    }
}
