import JSON
import LettaAPI
import ToolRuntime

/// Derives the schema of a tool from the client's request or from the source.
extension ToolService {
    /// The schema of the last function in `source`.
    func schema(of source: String) async throws -> ObjectDocument {
        ObjectDocument(try await read(given: nil, source, .python, nil).schema)
    }

    /// A new tool, validated and with a schema.
    func draft(of body: CreateTool) async throws -> ToolDraft {
        try ToolRules.check(body)
        let read =
            if let source = body.sourceCode {
                try await read(
                    given: body.jsonSchema, source, ToolRules.language(of: body.sourceType), body.argsJSONSchema,
                    description: body.description)
            } else {
                SourceSchema(schema: try ToolRules.clientSchema(of: body), missingPackages: [])
            }
        if body.sourceCode != nil { try ToolRules.check(sourceType: body.sourceType, runsOn: runner) }
        let draft = ToolDraft(
            body: body, name: try ToolRules.name(in: read.schema), schema: read.schema,
            missingPackages: read.missingPackages)
        try ToolRules.checkNameIsFree(draft.name)
        return draft
    }

    /// The new schema of a change; nil when the old one remains.
    ///
    /// - Throws: `APIError` 400 when schema and source would have different names.
    func schema(after change: UpdateTool, of old: Tool) async throws -> SourceSchema? {
        let read = try await newSchema(change, of: old)
        let name = try read.map { try ToolRules.name(in: $0.schema) } ?? old.name
        if let wanted = change.name.value, wanted != name {
            throw APIError(
                400,
                "Tool '\(old.name)' can't be renamed to '\(wanted)': its json_schema has the name '\(name)'. "
                    + "Send source_code whose function is called '\(wanted)'.")
        }
        if name != old.name { try ToolRules.checkNameIsFree(name) }
        if change.jsonSchema.value != nil, name != old.name || change.sourceCode.value != nil {
            try await checkName(name, in: change.sourceCode.value ?? old.sourceCode ?? "", change.sourceType(of: old))
        }
        return read
    }

    private func newSchema(_ change: UpdateTool, of old: Tool) async throws -> SourceSchema? {
        if let given = change.jsonSchema.value {
            return SourceSchema(schema: try given.json.value().object ?? [:], missingPackages: [])
        }
        if old.sourceCode == nil, change.sourceCode.value == nil {
            // The schema alone tells the model what such a tool is for.
            guard let description = change.description.value else { return nil }
            var schema = try old.jsonSchema?.value().object ?? [:]
            schema["description"] = .string(description)
            return SourceSchema(schema: schema, missingPackages: [])
        }
        let arguments = change.argsJSONSchema.value
        guard change.sourceCode.value != nil || arguments != nil else { return nil }
        return try await read(
            given: nil, change.sourceCode.value ?? old.sourceCode ?? "",
            ToolRules.language(of: change.sourceType(of: old)), arguments,
            description: change.description.applied(to: old.description))
    }

    /// - Throws: `APIError` 400 when the source has functions, but none of that name.
    private func checkName(_ name: String, in source: String, _ sourceType: String?) async throws {
        guard sourceType != ToolRules.typescript else { return }
        let own: String?
        do {
            own = try await runner.schema(of: source, function: name, arguments: [:]).schema["name"]?.string
        } catch is SchemaRefusal {
            // A source without functions has no name that could differ.
            return
        }
        guard let own, own != name else { return }
        throw APIError(
            400,
            "json_schema has the name '\(name)', but the function in source_code is called '\(own)'. "
                + "Send source_code and json_schema with the same name, or source_code alone to derive the schema.")
    }

    /// - Parameter description: the description where the source has no docstring.
    func read(
        given: ObjectDocument?, _ source: String, _ language: SourceLanguage, _ arguments: ObjectDocument?,
        description: String? = nil
    ) async throws -> SourceSchema {
        if let given { return SourceSchema(schema: try given.json.value().object ?? [:], missingPackages: []) }
        // The schema shown for tools without one.
        let arguments = try arguments?.json.value().object.flatMap { $0.isEmpty ? nil : $0 }
        var read = try await Self.translatingFailures { () async throws -> SourceSchema in
            do {
                return try await runner.schema(of: source, in: language, arguments: arguments.map { .object($0) })
            } catch let refusal as SchemaRefusal where language == .typescript {
                throw APIError.invalidField("json_schema", "no schema can be made: \(refusal.reason)", input: .null)
            }
        }
        if read.schema["description"] == nil, let description { read.schema["description"] = .string(description) }
        return read
    }

    /// Translates the runtime's failures into API errors.
    static func translatingFailures<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let refusal as SchemaRefusal {
            throw APIError(400, "Failed to derive json schema: Schema generation failed: \(refusal.reason)")
        } catch let failure as SandboxFailure {
            throw APIError(status: 503, body: .detail("\(failure)"), underlying: failure)
        }
    }
}

/// A tool in a client's request.
struct ToolDraft: Sendable {
    var body: CreateTool
    var name: String
    var schema: JSONObject
    /// What the source imports and is not installed.
    var missingPackages: [String]

    /// The tool to store. Fields that the client left out keep the values of `existing`.
    func tool(_ id: ID<Tool>, replacing existing: Tool?, in scope: Scope) -> Tool {
        var tool = Tool(
            id: existing?.id ?? id, toolType: ToolService.custom, name: name, tags: body.tags ?? existing?.tags ?? [],
            returnCharLimit: body.returnCharLimit ?? ToolRules.defaultReturnLimit)
        tool.description = body.description ?? schema["description"]?.string
        tool.sourceType = body.sourceCode == nil ? ToolRules.schemaAlone : body.sourceType ?? ToolRules.python
        tool.sourceCode = body.sourceCode
        tool.jsonSchema = RawJSON(schema)
        tool.argsJSONSchema = (body.argsJSONSchema ?? ObjectDocument()).json
        tool.pipRequirements = body.pipRequirements.map { RawJSON($0) } ?? existing?.pipRequirements
        tool.npmRequirements = body.npmRequirements.map { RawJSON($0) } ?? existing?.npmRequirements
        tool.defaultRequiresApproval =
            body.sourceCode == nil ? true : body.defaultRequiresApproval ?? existing?.defaultRequiresApproval
        tool.enableParallelExecution = body.enableParallelExecution ?? false
        tool.metadata = existing?.metadata ?? ObjectDocument()
        tool.projectID = existing?.projectID ?? scope.project
        tool.createdByID = existing?.createdByID ?? scope.user
        tool.lastUpdatedByID = scope.user
        return tool
    }
}

extension UpdateTool {
    /// The change without the fields that repeat the values of `tool`.
    func changes(from tool: Tool) throws -> UpdateTool {
        var changes = self
        changes.name = name.changes(from: tool.name)
        changes.description = description.changes(from: tool.description)
        changes.sourceCode = sourceCode.changes(from: tool.sourceCode)
        changes.sourceType = sourceType.changes(from: tool.sourceType)
        changes.jsonSchema = try jsonSchema.changes(from: tool.jsonSchema)
        changes.argsJSONSchema = try argsJSONSchema.changes(from: tool.argsJSONSchema)
        changes.metadata = try metadata.changes(from: tool.metadata?.json)
        return changes
    }

    fileprivate func sourceType(of old: Tool) -> String? { sourceType.value ?? old.sourceType }

    /// Applies the fields that are present. `null` leaves required fields unchanged.
    func apply(to tool: inout Tool, schema: JSONObject?) {
        if let schema {
            let oldDescription = tool.description
            // A description that a client set remains; one derived from the old source is dropped.
            let wasDerived = oldDescription == nil || tool.derivedDescription == oldDescription
            tool.jsonSchema = RawJSON(schema)
            tool.name = schema["name"]?.string ?? tool.name
            if wasDerived { tool.description = schema["description"]?.string }
        }
        description.apply(to: &tool.description)
        tags.apply(to: &tool.tags)
        if let source = sourceCode.value { tool.sourceCode = source }
        if let type = sourceType.value { tool.sourceType = type }
        if let arguments = argsJSONSchema.value { tool.argsJSONSchema = arguments.json }
        returnCharLimit.apply(to: &tool.returnCharLimit)
        if !pipRequirements.isKept { tool.pipRequirements = pipRequirements.value.map { RawJSON($0) } }
        if !npmRequirements.isKept { tool.npmRequirements = npmRequirements.value.map { RawJSON($0) } }
        if let metadata = metadata.value { tool.metadata = metadata }
        defaultRequiresApproval.apply(to: &tool.defaultRequiresApproval)
        if let isParallel = enableParallelExecution.value { tool.enableParallelExecution = isParallel }
    }
}

extension Tool {
    /// The description in the schema.
    fileprivate var derivedDescription: String? {
        // A stored schema that can't be parsed has no description to compare with.
        (try? jsonSchema?.value())?["description"]?.string
    }
}
