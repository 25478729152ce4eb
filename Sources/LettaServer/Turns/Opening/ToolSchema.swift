import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// The parts of a tool's schema that a turn needs, decoded once.
struct ToolSchema: Sendable {
    /// The tool as described to models.
    let tool: ModelTool
    let requiredArguments: [String]

    private init(_ schema: JSONValue, of name: String, isStrict: Bool) {
        tool = ModelTool(
            name: name, description: schema["description"]?.string,
            parameters: schema["parameters"] ?? ["type": "object", "properties": [:]], isStrict: isStrict)
        requiredArguments = schema["parameters"]?["required"]?.array?.compactMap(\.string) ?? []
    }

    init(of tool: ClientTool, isStrict: Bool) {
        let schema: JSONObject = [
            "description": tool.description.map { .string($0) } ?? .null,
            "parameters": tool.parameters?.object.map { .object($0) } ?? ["type": "object", "properties": [:]],
        ]
        self.init(.object(schema), of: tool.name, isStrict: isStrict)
    }

    /// The schemas of tools by name, without tools that have none.
    ///
    /// - Parameter isStrict: whether the provider must make the arguments follow the schema.
    static func schemas(of rows: [CallableToolRow], isStrict: Bool) throws -> [String: ToolSchema] {
        let own = isStrict ? ownStrict : own
        var schemas: [String: ToolSchema] = [:]
        for row in rows where schemas[row.name] == nil {
            schemas[row.name] =
                try (row.toolType == ToolService.custom ? nil : own[row.name])
                ?? row.jsonSchema.map {
                    // Providers refuse a request with a schema that is not fit for `strict`, and nobody here wrote this one.
                    ToolSchema(try $0.value(), of: row.name, isStrict: isStrict && row.toolType != ToolService.mcp)
                }
        }
        return schemas
    }

    // The schemas of the server's own tools never change; decoding them in each turn would cost more than the rest.
    private static let own = ownSchemas(isStrict: false)
    private static let ownStrict = ownSchemas(isStrict: true)

    private static func ownSchemas(isStrict: Bool) -> [String: ToolSchema] {
        Dictionary(
            BaseTool.all.map { ($0.name, ToolSchema($0.schema, of: $0.name, isStrict: isStrict)) },
            uniquingKeysWith: { first, _ in first })
    }
}
