import AgentEngine
import JSON
import LettaAPI
import ToolRuntime

/// Validates tools before anything is stored.
enum ToolRules {
    static let python = "python"
    static let typescript = "typescript"
    /// The type of a tool without source, which the client runs.
    static let schemaAlone = "json"
    static let defaultReturnLimit = 50_000
    private static let highestReturnLimit = 1_000_000
    /// In bytes.
    private static let longestSource = 1 << 20

    static func check(_ body: CreateTool) throws {
        try check(sourceType: body.sourceType)
        try check(returnLimit: body.returnCharLimit)
        if let source = body.sourceCode { try check(source: source) }
        try KeyText.check("tags", body.tags)
        _ = try ToolPackages(body.pipRequirements)
    }

    /// - Throws: `APIError` 400 that says what to install where tools of this type can't run.
    static func check(sourceType: String?, runsOn runner: PythonToolRunner) throws {
        guard sourceType == typescript, !runner.hasNode else { return }
        throw APIError(400, ToolSandbox.noNode)
    }

    static func language(of sourceType: String?) -> SourceLanguage {
        sourceType == typescript ? .typescript : .python
    }

    /// - Throws: `APIError` 409 when the change affects the source, schema or description of a tool of the server.
    static func check(_ change: UpdateTool, of tool: Tool) throws {
        try check(sourceType: change.sourceType.value)
        try check(returnLimit: change.returnCharLimit.value)
        try KeyText.check("tags", change.tags.value)
        _ = try ToolPackages(change.pipRequirements.value)
        if let source = change.sourceCode.value { try check(source: source) }
        guard tool.toolType != ToolService.custom else { return }
        let isSame =
            change.sourceCode.isKept && change.sourceType.isKept && change.jsonSchema.isKept
            && change.argsJSONSchema.isKept && change.description.isKept
        guard isSame else {
            throw APIError.conflict(
                "\(tool.name) is a tool of the server. Its source, schema and description can't be changed.")
        }
    }

    /// The schema of a tool that has no source because the client runs it.
    static func clientSchema(of body: CreateTool) throws -> JSONObject {
        if let given = body.jsonSchema { return try given.json.value().object ?? [:] }
        guard let name = body.name, let parameters = body.parameters else { throw APIError.missingField("source_code") }
        guard ClientTool.isCallable(name) else {
            throw APIError.invalidField("name", ClientTool.nameRule, input: .string(name))
        }
        var schema: JSONObject = ["name": .string(name)]
        if let description = body.description { schema["description"] = .string(description) }
        schema["parameters"] = try parameters.json.value()
        return schema
    }

    static func check(sourceType: String?) throws {
        guard let sourceType, ![python, typescript, schemaAlone].contains(sourceType) else { return }
        throw APIError(400, "Unknown tool source type: \(sourceType)")
    }

    static func check(source: String) throws {
        guard source.contains(where: { !$0.isWhitespace }) else {
            throw APIError(400, "Custom tool is missing source_code field.")
        }
        guard source.utf8.count <= longestSource else {
            throw APIError.invalidField(
                "source_code", "source_code may have up to \(longestSource) bytes",
                input: .int(Int64(source.utf8.count)))
        }
    }

    static func check(returnLimit: Int?) throws {
        guard let returnLimit, !(1...highestReturnLimit).contains(returnLimit) else { return }
        let isLow = returnLimit < 1
        let bound = isLow ? 1 : highestReturnLimit
        let issue = ValidationIssue(
            type: isLow ? "greater_than_equal" : "less_than_equal",
            location: [.name("body"), .name("return_char_limit")],
            message: "Input should be \(isLow ? "greater" : "less") than or equal to \(bound)",
            input: .int(Int64(returnLimit)), context: [isLow ? "ge" : "le": .int(Int64(bound))])
        throw APIError(status: 422, body: .validation([issue], examples: []))
    }

    /// The name in a schema.
    static func name(in schema: JSONObject) throws -> String {
        guard let name = schema["name"]?.string, !name.isEmpty else {
            throw APIError.invalidField("json_schema", "the schema must have the tool's name", input: .object(schema))
        }
        try KeyText.check("json_schema", name)
        return name
    }

    static func checkNameIsFree(_ name: String) throws {
        guard BaseTool.named(name) != nil else { return }
        throw APIError.conflict(
            "\(name) is the name of a tool of the server, which can't be replaced. Give the function another name.")
    }
}
