import JSON

/// Encodes a request for OpenAI's Responses API.
///
/// Nothing is stored at the service: reasoning goes back encrypted with the results of its calls.
struct ResponsesRequestBody: JSONWritable {
    let request: ModelRequest
    var adaptations: Set<ServiceAdaptation> = []
    let streaming: Bool

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.nestedArray("input") { writer in
                for message in request.messages { write(message, to: &writer) }
            }
            writer.field("model", request.model)
            writer.field("store", false)
            if let limit = request.maxOutputTokens { writer.field("max_output_tokens", limit) }
            if streaming { writer.field("stream", true) }
            writeIncluded(to: &writer)
            writeReasoning(to: &writer)
            writeFormat(to: &writer)
            writeTools(to: &writer)
            if let user = request.user, !adaptations.contains(.user) { writer.field("user", user) }
        }
    }

    private var reasons: Bool { OpenAIKnownModels.isReasoning(request.model) }

    /// Models that reason tell no log probabilities.
    private func writeIncluded(to writer: inout JSONWriter) {
        if reasons {
            writer.nestedArray("include") { $0.element("reasoning.encrypted_content") }
        } else if let alternatives = request.topLogprobs, !adaptations.contains(.logprobs) {
            writer.nestedArray("include") { $0.element("message.output_text.logprobs") }
            writer.field("top_logprobs", alternatives)
        }
    }

    private func writeReasoning(to writer: inout JSONWriter) {
        guard reasons else {
            if let temperature = request.temperature, !adaptations.contains(.temperature) {
                writer.field("temperature", temperature)
            }
            return
        }
        writer.nestedObject("reasoning") { writer in
            if let effort = request.reasoningEffort { writer.field("effort", effort) }
            writer.field("summary", "auto")
        }
    }

    /// The format of chat completions with the schema one level up.
    private func writeFormat(to writer: inout JSONWriter) {
        guard let format = request.responseFormat, let type = format["type"]?.string else { return }
        writer.nestedObject("text") { writer in
            writer.nestedObject("format") { writer in
                writer.field("type", type)
                for (key, value) in format["json_schema"]?.object ?? [:] where key != "type" {
                    writer.field(key, value)
                }
            }
        }
    }

    private func writeTools(to writer: inout JSONWriter) {
        guard !request.tools.isEmpty else { return }
        writer.field("parallel_tool_calls", request.parallelToolCalls)
        switch request.toolChoice {
        case .auto: writer.field("tool_choice", "auto")
        case .none: writer.field("tool_choice", "none")
        case .required: writer.field("tool_choice", adaptations.contains(.toolChoice) ? "auto" : "required")
        case .one(let name):
            writer.nestedObject("tool_choice") { writer in
                writer.field("type", "function")
                writer.field("name", name)
            }
        }
        writer.nestedArray("tools") { writer in
            for tool in request.tools {
                writer.object { writer in
                    writer.field("type", "function")
                    writer.field("name", tool.name)
                    if let description = tool.description { writer.field("description", description) }
                    writer.field("parameters", tool.parameters)
                    // Left out, it is true here.
                    writer.field("strict", tool.isStrict)
                }
            }
        }
    }

    // MARK: Items

    private func write(_ message: ModelMessage, to writer: inout JSONWriter) {
        switch message {
        case .system(let text):
            writeMessage("system", .string(text), to: &writer)
        case .user(let parts, _):
            writeMessage("user", Self.content(parts), to: &writer)
        case .assistant(let text, _, let signature, let calls):
            for item in OpaqueReasoning.openAI.unwrapped(signature)?.array ?? [] { writer.element(item) }
            if let text, !text.isEmpty { writeMessage("assistant", .string(text), to: &writer) }
            for call in calls {
                writer.element(
                    [
                        "type": "function_call", "call_id": .string(call.id), "name": .string(call.name),
                        "arguments": .string(call.arguments),
                    ] as JSONValue)
            }
        case .tool(let callID, let text):
            writer.element(
                [
                    "type": "function_call_output", "call_id": .string(callID), "output": .string(text),
                ] as JSONValue)
        }
    }

    private func writeMessage(_ role: String, _ content: JSONValue, to writer: inout JSONWriter) {
        writer.element(["type": "message", "role": .string(role), "content": content] as JSONValue)
    }

    /// The content of a user's message.
    private static func content(_ parts: [ModelContentPart]) -> JSONValue {
        if parts.count == 1, case .text(let text) = parts[0] { return .string(text) }
        return .array(
            parts.map { part in
                switch part {
                case .text(let text): ["type": "input_text", "text": .string(text)]
                case .image(let url, let detail):
                    ["type": "input_image", "image_url": .string(url), "detail": .string(detail ?? "auto")]
                }
            })
    }
}
