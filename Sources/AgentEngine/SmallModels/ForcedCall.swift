package import JSON
package import ModelProviders

/// A tool call that is demanded as an answer in a given form, for models that can ignore the demand for a call.
///
/// A server that forces the form makes any model obey, which a demand for a call does not.
package enum ForcedCall {
    /// One of the tools, with arguments after its schema.
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

    /// What the model is told of the tools that it must choose from.
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

    /// The first JSON object in an answer: servers that do not know the form still mostly give one.
    static func object(in answer: String) -> JSONObject? {
        LenientToolCalls.firstObject(in: answer)
    }
}
