package import JSON
package import ModelProviders

/// A tool call requested as an answer in a given JSON schema, for models that may ignore a required call.
///
/// Constrained output makes any model comply, which a required tool call does not.
package enum ForcedCall {
    /// One of the tools, with arguments that follow its schema.
    package static func responseFormat(for tools: [ModelTool]) -> JSONValue {
        let calls = tools.map { tool -> JSONValue in
            [
                "type": "object",
                "properties": ["name": ["const": .string(tool.name)], "arguments": tool.parameters],
                "required": ["name", "arguments"], "additionalProperties": false,
            ]
        }
        return responseFormat(name: "call", schema: calls.count == 1 ? calls[0] : ["anyOf": .array(calls)])
    }

    /// The prompt with the tools to choose from.
    package static func instruction(for tools: [ModelTool]) -> String {
        let lines = tools.map { tool in
            JSONWriter.string(
                of: [
                    "name": .string(tool.name), "description": .string(tool.description ?? ""),
                    "parameters": tool.parameters,
                ])
        }
        return PromptText.forcedCall.replacing("{TOOLS}", with: lines.joined(separator: "\n"))
    }

    static func responseFormat(name: String, schema: JSONValue) -> JSONValue {
        ["type": "json_schema", "json_schema": ["name": .string(name), "strict": true, "schema": schema]]
    }

    /// The first JSON object in an answer: servers that ignore the schema mostly return one still.
    static func object(in answer: String) -> JSONObject? {
        LenientToolCalls.firstObject(in: answer)
    }
}
