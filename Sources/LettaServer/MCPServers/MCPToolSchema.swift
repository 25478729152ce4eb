import JSON
import LettaAPI
import MCPClient

/// What is wrong with the description of a tool, and what models are told of it.
struct MCPToolSchema: Sendable {
    /// How strict clients name it.
    enum Health: String, Sendable {
        case strict = "STRICT_COMPLIANT"
        case lax = "NON_STRICT_ONLY"
        case invalid = "INVALID"
    }

    /// Of a description, in characters. Longer ones are cut.
    static let longestDescription = 10_000
    /// Of a whole definition, in bytes: it would fill the context of every turn.
    private static let longestDefinition = 128 << 10
    private static let deepest = 24

    let tool: MCPTool
    let health: Health
    let reasons: [String]

    init(_ tool: MCPTool) {
        self.tool = tool
        var checker = Checker()
        if JSONWriter.bytes(of: tool.definition).count > Self.longestDefinition {
            checker.problems = ["the definition is larger than \(Self.longestDefinition) bytes"]
        } else if let schema = tool.inputSchema {
            if schema["type"] != "object" { checker.problems.append("inputSchema is not of type object") }
            checker.check(.object(schema), at: "inputSchema", depth: 0)
        } else {
            checker.problems = ["there is no inputSchema"]
        }
        health = checker.problems.isEmpty ? (checker.isStrict ? .strict : .lax) : .invalid
        reasons = checker.problems.isEmpty ? checker.laxness : Array(checker.problems.prefix(10))
    }

    var description: String? { tool.description.map { String($0.prefix(Self.longestDescription)) } }

    /// The tool as models see it.
    func schema(named name: String) -> JSONObject {
        var parameters = tool.inputSchema ?? [:]
        if parameters["properties"] == nil { parameters["properties"] = [:] }
        return [
            "name": .string(name), "description": .string(description ?? ""), "parameters": .object(parameters),
        ]
    }

    /// The definition with its health, as lists of tools show it.
    var shown: JSONValue {
        var shown: JSONObject = [:]
        for name in ["name", "title", "description", "inputSchema", "outputSchema", "annotations", "_meta"] {
            shown[name] = tool.definition[name] ?? .null
        }
        if tool.inputSchema == nil { shown["inputSchema"] = [:] }
        shown["health"] = ["status": .string(health.rawValue), "reasons": .array(reasons.map { .string($0) })]
        return .object(shown)
    }

    /// A name that models can call.
    static func legal(_ name: String) -> String {
        String(
            name.unicodeScalars.prefix(64).map { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
                default: "_"
                }
            })
    }

    /// Walks a schema as far as a model's service would: what it can't read it would refuse, and with it the whole turn.
    private struct Checker {
        var problems: [String] = []
        var laxness: [String] = []
        var isStrict: Bool { laxness.isEmpty }
        private static let types: Set = ["object", "array", "string", "number", "integer", "boolean", "null"]

        mutating func check(_ schema: JSONValue, at path: String, depth: Int) {
            guard depth <= MCPToolSchema.deepest else { return problems.append("\(path) is nested too deeply") }
            guard problems.count < 10 else { return }
            if schema.bool != nil { return }
            guard let object = schema.object else { return problems.append("\(path) is no schema") }
            checkType(object["type"], path)
            checkProperties(object, path, depth)
            if let items = object["items"] {
                // A list is the older form of `prefixItems`.
                for item in items.array ?? [items] { check(item, at: "\(path).items", depth: depth + 1) }
            }
            for name in ["anyOf", "oneOf", "allOf", "prefixItems"] {
                guard let all = object[name] else { continue }
                guard let all = all.array, !all.isEmpty else { return problems.append("\(path).\(name) is no list") }
                for one in all { check(one, at: "\(path).\(name)", depth: depth + 1) }
            }
            for name in ["$defs", "definitions"] {
                guard let all = object[name] else { continue }
                guard let all = all.object else { return problems.append("\(path).\(name) is no object") }
                for (key, one) in all { check(one, at: "\(path).\(name).\(key)", depth: depth + 1) }
            }
            if let values = object["enum"], values.array?.isEmpty != false {
                problems.append("\(path).enum is no list of values")
            }
            if let reference = object["$ref"], reference.string?.hasPrefix("#") != true {
                problems.append("\(path).$ref points outside of the schema")
            }
            if let extra = object["additionalProperties"], extra.bool == nil {
                check(extra, at: "\(path).additionalProperties", depth: depth + 1)
            }
        }

        private mutating func checkType(_ type: JSONValue?, _ path: String) {
            guard let type else { return }
            let names = (type.array ?? [type]).map(\.string)
            guard !names.isEmpty, names.allSatisfy({ $0.map(Self.types.contains) == true }) else {
                return problems.append("\(path).type is no type of JSON")
            }
        }

        private mutating func checkProperties(_ object: JSONObject, _ path: String, _ depth: Int) {
            var required: Set<String> = []
            if let names = object["required"] {
                guard let all = names.array, all.allSatisfy({ $0.string != nil }) else {
                    return problems.append("\(path).required is no list of names")
                }
                required = Set(all.compactMap(\.string))
            }
            guard let properties = object["properties"] else { return }
            guard let properties = properties.object else { return problems.append("\(path).properties is no object") }
            for (name, property) in properties {
                guard MCPToolSchema.isLegalProperty(name) else {
                    problems.append("\(path).properties has the name '\(name.prefix(64))', which models can't be given")
                    continue
                }
                check(property, at: "\(path).properties.\(name)", depth: depth + 1)
            }
            if object["additionalProperties"] != false, laxness.count < 10 {
                laxness.append("\(path) allows additionalProperties")
            }
            if properties.contains(where: { !required.contains($0.key) }), laxness.count < 10 {
                laxness.append("\(path) has optional properties")
            }
        }
    }

    private static func isLegalProperty(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": true
                default: false
                }
            }
    }
}
