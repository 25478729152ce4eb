import JSON

/// Encodes a request for Ollama's `/api/chat`.
struct OllamaRequestBody: JSONWritable {
    let request: ModelRequest
    /// Whether the model can be asked to reason.
    let thinks: Bool
    let streaming: Bool

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.nestedArray("messages") { writer in
                // Models use the ids of their calls again.
                var tools: [String: String] = [:]
                for message in request.messages {
                    if case .assistant(_, _, _, let calls) = message {
                        for call in calls { tools[call.id] = call.name }
                    }
                    writer.object { write(message, tools, to: &$0) }
                }
            }
            writer.field("model", request.model)
            writer.field("stream", streaming)
            writer.nestedObject("options") { writer in
                if let window = request.contextWindow { writer.field("num_ctx", window) }
                if let limit = request.maxOutputTokens { writer.field("num_predict", limit) }
                if let temperature = request.temperature { writer.field("temperature", temperature) }
                if request.temperature == 0 { writer.field("seed", 0) }
            }
            if thinks { writer.field("think", request.reasoningBudget != nil || request.reasoningEffort != nil) }
            writeFormat(to: &writer)
            writeTools(to: &writer)
        }
    }

    private func writeFormat(to writer: inout JSONWriter) {
        guard let format = request.responseFormat, let type = format["type"]?.string, type != "text" else { return }
        writer.field("format", format["json_schema"]?["schema"] ?? "json")
    }

    /// There is no tool choice: a forced tool is the only one that is offered.
    private func writeTools(to writer: inout JSONWriter) {
        var tools = request.tools
        switch request.toolChoice {
        case .none: tools = []
        case .one(let name): tools = tools.filter { $0.name == name }
        case .auto, .required: break
        }
        guard !tools.isEmpty else { return }
        writer.nestedArray("tools") { writer in
            for tool in tools { writer.element(tool.plain.function) }
        }
    }

    /// - Parameter tools: the names of the tools that were called until then, by the ids of the calls.
    private func write(_ message: ModelMessage, _ tools: [String: String], to writer: inout JSONWriter) {
        switch message {
        case .system(let text):
            writer.field("role", "system")
            writer.field("content", text)
        case .user(let parts, _):
            writer.field("role", "user")
            write(parts, to: &writer)
        case .assistant(let text, let reasoning, _, let calls):
            writer.field("role", "assistant")
            writer.field("content", text ?? "")
            if thinks, let reasoning, !reasoning.isEmpty { writer.field("thinking", reasoning) }
            guard !calls.isEmpty else { return }
            writer.nestedArray("tool_calls") { writer in
                for call in calls {
                    let arguments = (try? JSONParser().parse(call.arguments)).flatMap { $0.object == nil ? nil : $0 }
                    writer.element(
                        [
                            "function": ["name": .string(call.name), "arguments": arguments ?? [:]]
                        ] as JSONValue)
                }
            }
        case .tool(let callID, let text):
            writer.field("role", "tool")
            writer.field("content", text)
            writer.field("tool_name", tools[callID] ?? "unknown")
        }
    }

    /// The content of a user's message. Images are bytes here.
    private func write(_ parts: [ModelContentPart], to writer: inout JSONWriter) {
        var texts: [String] = []
        var images: [String] = []
        for part in parts {
            switch part {
            case .text(let text): texts.append(text)
            case .image(let url, _):
                if url.hasPrefix("data:"), let comma = url.firstIndex(of: ",") {
                    images.append(String(url[url.index(after: comma)...]))
                } else {
                    texts.append("[An image at an address, which this service can't fetch.]")
                }
            }
        }
        writer.field("content", texts.joined(separator: "\n"))
        if !images.isEmpty { writer.nestedArray("images") { writer in for image in images { writer.element(image) } } }
    }
}
