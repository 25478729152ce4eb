import JSON
import LettaAPI
import ToolRuntime

/// Where the schema of a tool comes from: the client, or the source.
extension ToolService {
    /// The schema of the last function in `source`.
    func schema(of source: String) async throws -> ObjectDocument {
        ObjectDocument(try await schema(given: nil, source, nil))
    }

    /// What a new tool is, checked and with a schema.
    func draft(of body: CreateTool) async throws -> ToolDraft {
        try ToolRules.check(body)
        let schema = try await schema(given: body.jsonSchema, body.sourceCode, body.argsJSONSchema)
        let draft = ToolDraft(body: body, name: try ToolRules.name(in: schema), schema: schema)
        try ToolRules.checkNameIsFree(draft.name)
        return draft
    }

    /// The new schema that a change brings; nil when the old one stays.
    func schema(after change: UpdateTool, of old: Tool) async throws -> JSONObject? {
        if let given = change.jsonSchema.value {
            let schema = try given.json.value().object ?? [:]
            _ = try ToolRules.name(in: schema)
            return schema
        }
        let arguments = change.argsJSONSchema.isKept ? nil : change.argsJSONSchema.value
        guard change.sourceCode.value != nil || arguments != nil,
            (change.sourceType.value ?? old.sourceType) != ToolRules.typescript
        else { return nil }
        return try await schema(given: nil, change.sourceCode.value ?? old.sourceCode ?? "", arguments)
    }

    func schema(
        given: ObjectDocument?, _ source: String, _ arguments: ObjectDocument?
    ) async throws -> JSONObject {
        if let given { return try given.json.value().object ?? [:] }
        // An empty schema is what tools without one are shown with.
        let arguments = try arguments?.json.value().object.flatMap { $0.isEmpty ? nil : $0 }
        return try await Self.saying {
            try await runner.schema(of: source, arguments: arguments.map { .object($0) })
        }
    }

    /// Says in the API's terms why the runtime could not do what it was asked.
    static func saying<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let refusal as SchemaRefusal {
            throw APIError(400, "Failed to derive json schema: Schema generation failed: \(refusal.reason)")
        } catch let failure as SandboxFailure {
            throw APIError(status: 503, body: .detail("\(failure)"), underlying: failure)
        }
    }
}

/// What a client wants a tool to be.
struct ToolDraft: Sendable {
    var body: CreateTool
    var name: String
    var schema: JSONObject

    /// The tool that comes of it; what the client did not say stays as `existing` has it.
    func tool(_ id: ID<Tool>, replacing existing: Tool?, in scope: Scope) -> Tool {
        var tool = Tool(
            id: existing?.id ?? id, toolType: ToolService.custom, name: name, tags: body.tags ?? existing?.tags ?? [],
            returnCharLimit: body.returnCharLimit ?? ToolRules.defaultReturnLimit)
        tool.description = body.description ?? schema["description"]?.string
        tool.sourceType = body.sourceType ?? ToolRules.python
        tool.sourceCode = body.sourceCode
        tool.jsonSchema = RawJSON(schema)
        tool.argsJSONSchema = (body.argsJSONSchema ?? ObjectDocument()).json
        tool.pipRequirements = body.pipRequirements.map { RawJSON($0) } ?? existing?.pipRequirements
        tool.npmRequirements = body.npmRequirements.map { RawJSON($0) } ?? existing?.npmRequirements
        tool.defaultRequiresApproval = body.defaultRequiresApproval ?? existing?.defaultRequiresApproval
        tool.enableParallelExecution = body.enableParallelExecution ?? false
        tool.metadata = existing?.metadata ?? ObjectDocument()
        tool.projectID = existing?.projectID ?? scope.project
        tool.createdByID = existing?.createdByID ?? scope.user
        tool.lastUpdatedByID = scope.user
        return tool
    }
}

extension UpdateTool {
    /// Puts the fields that are present into `tool`. `null` leaves what can't be empty as it is.
    func apply(to tool: inout Tool, schema: JSONObject?) {
        if let schema {
            let oldDescription = tool.description
            // A text that somebody chose stays; one that came from the source goes with it.
            let wasDerived = oldDescription == nil || tool.derivedDescription == oldDescription
            tool.jsonSchema = RawJSON(schema)
            tool.name = schema["name"]?.string ?? tool.name
            if wasDerived { tool.description = schema["description"]?.string }
        }
        tool.description = description.applied(to: tool.description)
        if let tags = tags.value { tool.tags = tags }
        if let source = sourceCode.value { tool.sourceCode = source }
        if let type = sourceType.value { tool.sourceType = type }
        if let arguments = argsJSONSchema.value { tool.argsJSONSchema = arguments.json }
        if let limit = returnCharLimit.value { tool.returnCharLimit = limit }
        if !pipRequirements.isKept { tool.pipRequirements = pipRequirements.value.map { RawJSON($0) } }
        if !npmRequirements.isKept { tool.npmRequirements = npmRequirements.value.map { RawJSON($0) } }
        if let metadata = metadata.value { tool.metadata = metadata }
        tool.defaultRequiresApproval = defaultRequiresApproval.applied(to: tool.defaultRequiresApproval)
        if let isParallel = enableParallelExecution.value { tool.enableParallelExecution = isParallel }
    }
}

extension Tool {
    /// The description in the schema.
    fileprivate var derivedDescription: String? {
        // A schema of ours that can't be read has no description to compare with.
        (try? jsonSchema?.value())?["description"]?.string
    }
}
