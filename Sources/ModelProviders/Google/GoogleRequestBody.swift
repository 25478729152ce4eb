import JSON

/// Encodes a request for Google's `generateContent`.
struct GoogleRequestBody: JSONWritable {
    let request: ModelRequest

    func write(to writer: inout JSONWriter) {
        let conversation = GoogleConversation(request.messages)
        writer.object { writer in
            if !conversation.system.isEmpty {
                writer.nestedObject("systemInstruction") { writer in
                    writer.nestedArray("parts") { writer in
                        for text in conversation.system { writer.element(["text": .string(text)] as JSONValue) }
                    }
                }
            }
            writeTools(to: &writer)
            writer.nestedArray("contents") { writer in
                for turn in conversation.turns { writer.element(turn) }
            }
            writer.nestedObject("generationConfig", writeSettings)
        }
    }

    private func writeSettings(to writer: inout JSONWriter) {
        if let limit = request.maxOutputTokens { writer.field("maxOutputTokens", limit) }
        if let temperature = request.temperature { writer.field("temperature", temperature) }
        if let format = request.responseFormat, let type = format["type"]?.string, type != "text" {
            writer.field("responseMimeType", "application/json")
            if let schema = format["json_schema"]?["schema"] { writer.field("responseSchema", GoogleSchema.of(schema)) }
        }
        writeThinking(to: &writer)
    }

    /// Gemini 3 takes a level, the models before it a budget.
    private func writeThinking(to writer: inout JSONWriter) {
        let takesLevel = request.model.hasPrefix("gemini-3")
        guard request.reasoningBudget != nil || takesLevel && request.reasoningEffort != nil else { return }
        writer.nestedObject("thinkingConfig") { writer in
            writer.field("includeThoughts", true)
            if takesLevel {
                if let effort = request.reasoningEffort, ["minimal", "low", "medium", "high"].contains(effort) {
                    writer.field("thinkingLevel", effort)
                }
            } else if let budget = request.reasoningBudget {
                writer.field("thinkingBudget", budget)
            }
        }
    }

    private func writeTools(to writer: inout JSONWriter) {
        guard !request.tools.isEmpty else { return }
        writer.nestedArray("tools") { writer in
            writer.object { writer in
                writer.nestedArray("functionDeclarations") { writer in
                    for tool in request.tools { writer.object { Self.write(tool, to: &$0) } }
                }
            }
        }
        writer.nestedObject("toolConfig") { writer in
            writer.nestedObject("functionCallingConfig") { writer in
                switch request.toolChoice {
                case .auto: writer.field("mode", "AUTO")
                case .none: writer.field("mode", "NONE")
                case .required: writer.field("mode", "ANY")
                case .one(let name):
                    writer.field("mode", "ANY")
                    writer.nestedArray("allowedFunctionNames") { $0.element(name) }
                }
            }
        }
    }

    private static func write(_ tool: ModelTool, to writer: inout JSONWriter) {
        writer.field("name", tool.name)
        if let description = tool.description { writer.field("description", description) }
        // An object without properties is refused.
        if tool.parameters["properties"]?.object?.isEmpty == false {
            writer.field("parameters", GoogleSchema.of(tool.parameters))
        }
    }
}

/// JSON schemas in the subset that the API takes; it refuses unknown keywords.
enum GoogleSchema {
    private static let keywords: Set<String> = [
        "type", "format", "title", "description", "nullable", "enum", "items", "maxItems", "minItems", "properties",
        "required", "minimum", "maximum", "minLength", "maxLength", "pattern", "anyOf", "propertyOrdering",
    ]
    /// The formats of strings that the API takes.
    private static let textFormats: Set<String> = ["enum", "date-time"]
    private static let depth = 32

    static func of(_ schema: JSONValue) -> JSONValue {
        converted(schema, definitions: schema["$defs"] ?? schema["definitions"], depth: depth)
    }

    private static func converted(_ schema: JSONValue, definitions: JSONValue?, depth: Int) -> JSONValue {
        guard var source = schema.object, depth > 0 else { return ["type": "string"] }
        if let name = source["$ref"]?.string?.split(separator: "/").last,
            let target = definitions?[String(name)]?.object
        {
            let description = source["description"]
            source = target
            if let description { source["description"] = description }
        }
        if source["anyOf"] == nil, let alternatives = source["oneOf"] { source["anyOf"] = alternatives }
        if source["enum"] == nil, let constant = source["const"] { source["enum"] = [constant] }
        func inner(_ value: JSONValue) -> JSONValue {
            converted(value, definitions: definitions, depth: depth - 1)
        }
        var result = JSONObject()
        for (key, value) in source where keywords.contains(key) {
            switch key {
            case "type": addType(value, to: &result)
            case "format":
                guard source["type"]?.string != "string" || textFormats.contains(value.string ?? "") else { continue }
                result[key] = value
            // Of texts only.
            case "enum":
                result[key] = .array((value.array ?? []).map { .string($0.string ?? JSONWriter.string(of: $0)) })
            case "items": result[key] = inner(value)
            case "anyOf": result[key] = .array((value.array ?? []).map(inner))
            case "properties":
                var properties = JSONObject()
                for (name, property) in value.object ?? [:] { properties[name] = inner(property) }
                result[key] = .object(properties)
            default: result[key] = value
            }
        }
        if result["enum"] != nil { result["type"] = "string" }
        if result["type"] == nil, result["anyOf"] == nil {
            result["type"] = source["properties"] == nil ? "string" : "object"
        }
        return .object(result)
    }

    /// A list of types with null becomes nullable.
    private static func addType(_ value: JSONValue, to result: inout JSONObject) {
        guard let types = value.array?.compactMap(\.string) else {
            result["type"] = value
            return
        }
        if types.contains("null") { result["nullable"] = true }
        result["type"] = .string(types.first { $0 != "null" } ?? "string")
    }
}
