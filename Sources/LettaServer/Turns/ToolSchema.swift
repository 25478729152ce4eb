import AgentEngine
import JSON
import ModelProviders

/// What turns need of a tool's schema.
struct ToolSchema: Sendable {
    /// The tool as models are told of it.
    let tool: ModelTool
    let requiredArguments: [String]

    private init(_ schema: JSONValue, of name: String, isStrict: Bool) {
        tool = ModelTool(
            name: name, description: schema["description"]?.string,
            parameters: schema["parameters"] ?? ["type": "object", "properties": [:]], isStrict: isStrict)
        requiredArguments = schema["parameters"]?["required"]?.array?.compactMap(\.string) ?? []
    }

    /// Nil for a tool that has no schema.
    ///
    /// - Parameter isStrict: whether the provider must make the arguments follow the schema.
    static func schema(of row: CallableToolRow, isStrict: Bool) throws -> ToolSchema? {
        if row.toolType != ToolService.custom, let own = (isStrict ? ownStrict : own)[row.name] { return own }
        return try row.jsonSchema.map { ToolSchema(try $0.value(), of: row.name, isStrict: isStrict) }
    }

    // The server's own tools say what they always say; reading that anew for each turn would cost more than the rest.
    private static let own = schemas(isStrict: false)
    private static let ownStrict = schemas(isStrict: true)

    private static func schemas(isStrict: Bool) -> [String: ToolSchema] {
        Dictionary(
            BaseTool.all.map { ($0.name, ToolSchema($0.schema, of: $0.name, isStrict: isStrict)) },
            uniquingKeysWith: { first, _ in first })
    }
}
