public import JSON

/// A package that a tool wants installed.
public struct ToolRequirement: Codable, Sendable, Hashable, JSONWritable {
    public var name: String
    public var version: String?

    public init(_ name: String, version: String? = nil) {
        self.name = name
        self.version = version
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("name", name)
            $0.field("version", version)
        }
    }
}

/// A new tool, or what one of the same name is to be from now on.
public struct CreateTool: Codable, Sendable {
    public var sourceCode: String
    /// `python` when left out; `typescript` is kept and can't be run here.
    public var sourceType: String?
    /// Left out: the docstring's.
    public var description: String?
    public var tags: [String]?
    /// Left out: derived from the signature and the docstring of the last function. The tool has the schema's name.
    public var jsonSchema: ObjectDocument?
    /// The parameters, instead of those of the signature. The function needs no docstring then.
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

    enum CodingKeys: String, CodingKey {
        case description, tags
        case sourceCode = "source_code"
        case sourceType = "source_type"
        case jsonSchema = "json_schema"
        case argsJSONSchema = "args_json_schema"
        case returnCharLimit = "return_char_limit"
        case pipRequirements = "pip_requirements"
        case npmRequirements = "npm_requirements"
        case defaultRequiresApproval = "default_requires_approval"
        case enableParallelExecution = "enable_parallel_execution"
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
        case name, description, tags
        case sourceCode = "source_code"
        case sourceType = "source_type"
        case jsonSchema = "json_schema"
        case argsJSONSchema = "args_json_schema"
        case returnCharLimit = "return_char_limit"
        case pipRequirements = "pip_requirements"
        case npmRequirements = "npm_requirements"
        case metadata = "metadata_"
        case defaultRequiresApproval = "default_requires_approval"
        case enableParallelExecution = "enable_parallel_execution"
    }
}

/// Source to run once.
public struct RunTool: Codable, Sendable {
    public var sourceCode: String
    public var args: ObjectDocument
    public var environmentVariables: [String: String]?
    /// The function to run; left out: the last one.
    public var name: String?
    public var sourceType: String?
    public var jsonSchema: ObjectDocument?
    public var argsJSONSchema: ObjectDocument?

    public init(sourceCode: String, args: JSONObject) {
        self.sourceCode = sourceCode
        self.args = ObjectDocument(args)
    }

    enum CodingKeys: String, CodingKey {
        case args, name
        case sourceCode = "source_code"
        case environmentVariables = "env_vars"
        case sourceType = "source_type"
        case jsonSchema = "json_schema"
        case argsJSONSchema = "args_json_schema"
    }
}

/// Source to make a schema from.
public struct ToolSource: Codable, Sendable {
    public var code: String

    public init(code: String) {
        self.code = code
    }
}
