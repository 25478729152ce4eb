package import JSON

/// A built-in tool: its description for the model. What it does is determined by its name.
package struct BaseTool: Sendable, Hashable {
    /// The groups of base tools; raw values are the `tool_type` on the wire.
    package enum ToolType: String, Sendable, Hashable, CaseIterable {
        case core = "letta_core"
        case memory = "letta_memory_core"
        case sleeptime = "letta_sleeptime_core"
        case multiAgent = "letta_multi_agent_core"
        case builtIn = "letta_builtin"
        case files = "letta_files_core"
        case voiceSleeptime = "letta_voice_sleeptime_core"
    }

    package let name: String
    package let type: ToolType
    package let description: String
    package let parameters: [ToolParameter]
    /// True for tools that only read, so that several calls of one step may run concurrently.
    package let canRunInParallel: Bool

    /// Longer results are truncated, in characters.
    package static let returnCharacterLimit = 50_000

    init(
        _ name: String, _ type: ToolType, _ description: String, canRunInParallel: Bool = false,
        _ parameters: [ToolParameter]
    ) {
        self.name = name
        self.type = type
        self.description = description
        self.canRunInParallel = canRunInParallel
        self.parameters = parameters
    }

    package var tags: [String] { [type.rawValue] }

    /// The tool's `json_schema`: name, description and the parameters as a JSON schema.
    package var schema: JSONValue {
        [
            "name": .string(name),
            "description": .string(description),
            "parameters": parameters.objectSchema,
        ]
    }

    /// Every base tool, grouped by type.
    package static let all: [BaseTool] =
        coreTools + memoryTools + sleeptimeTools + multiAgentTools + builtInTools + fileTools + voiceSleeptimeTools

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    package static func named(_ name: String) -> BaseTool? { byName[name] }
}

/// One argument of a base tool.
package struct ToolParameter: Sendable, Hashable {
    package indirect enum Shape: Sendable, Hashable {
        case string
        case integer
        case boolean
        case choice([String])
        case list(Shape)
        case object([ToolParameter])
    }

    package let name: String
    package let shape: Shape
    package let isRequired: Bool
    package let description: String

    static func required(_ name: String, _ shape: Shape, _ description: String) -> ToolParameter {
        ToolParameter(name: name, shape: shape, isRequired: true, description: description)
    }

    static func optional(_ name: String, _ shape: Shape, _ description: String) -> ToolParameter {
        ToolParameter(name: name, shape: shape, isRequired: false, description: description)
    }

    fileprivate var schema: JSONObject {
        var schema = shape.schema
        schema["description"] = .string(description)
        return schema
    }
}

extension ToolParameter.Shape {
    fileprivate var schema: JSONObject {
        switch self {
        case .string: ["type": "string"]
        case .integer: ["type": "integer"]
        case .boolean: ["type": "boolean"]
        case .choice(let values): ["type": "string", "enum": .array(values.map { .string($0) })]
        case .list(let element): ["type": "array", "items": .object(element.schema)]
        case .object(let fields): fields.objectFields
        }
    }
}

extension [ToolParameter] {
    fileprivate var objectFields: JSONObject {
        var properties: JSONObject = [:]
        for parameter in self { properties[parameter.name] = .object(parameter.schema) }
        return [
            "type": "object",
            "properties": .object(properties),
            "required": .array(filter(\.isRequired).map { .string($0.name) }),
        ]
    }

    fileprivate var objectSchema: JSONValue { .object(objectFields) }
}
