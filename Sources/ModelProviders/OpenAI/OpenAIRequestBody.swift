import JSON

/// Encodes a request for OpenAI's chat completions.
struct OpenAIRequestBody: JSONWritable {
    /// How a server deviates from the API.
    struct Dialect {
        /// OpenAI's own server, which rejects unknown fields.
        var isOfficial: Bool
        /// llama.cpp's server, which treats a tool choice that is an object as `auto`.
        var isLlamaServer: Bool
    }

    let request: ModelRequest
    let dialect: Dialect
    let streaming: Bool

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.nestedArray("messages") { writer in
                for message in request.messages { writer.object { write(message, to: &$0) } }
            }
            writer.field("model", request.model)
            writeSettings(to: &writer)
            writeTools(to: &writer)
            if let user = request.user { writer.field("user", user) }
        }
    }

    private func writeSettings(to writer: inout JSONWriter) {
        if let limit = request.maxOutputTokens { writer.field("max_completion_tokens", limit) }
        if streaming {
            writer.field("stream", true)
            writer.nestedObject("stream_options") { $0.field("include_usage", true) }
        }
        if let temperature = request.temperature, acceptsTemperature(temperature) {
            writer.field("temperature", temperature)
        }
        // A fixed seed makes answers at temperature 0 reproducible.
        if dialect.isLlamaServer, request.temperature == 0 { writer.field("seed", 0) }
        if let effort = request.reasoningEffort { writer.field("reasoning_effort", effort) }
        if let format = request.responseFormat { writer.field("response_format", format) }
    }

    private func acceptsTemperature(_ temperature: Double) -> Bool {
        temperature == 1 || !OpenAIKnownModels.isReasoning(request.model)
    }

    private func writeTools(to writer: inout JSONWriter) {
        guard !request.tools.isEmpty else { return }
        if !OpenAIKnownModels.isOSeries(request.model) {
            writer.field("parallel_tool_calls", request.parallelToolCalls)
        }
        var tools = request.tools
        switch request.toolChoice {
        case .auto: writer.field("tool_choice", "auto")
        case .none: writer.field("tool_choice", "none")
        case .required: writer.field("tool_choice", "required")
        case .one(let name) where dialect.isLlamaServer:
            tools = tools.filter { $0.name == name }
            writer.field("tool_choice", "required")
        case .one(let name):
            writer.nestedObject("tool_choice") { writer in
                writer.field("type", "function")
                writer.nestedObject("function") { $0.field("name", name) }
            }
        }
        writer.nestedArray("tools") { writer in
            for tool in tools { writer.element(tool.function) }
        }
    }

    // MARK: Messages

    private func write(_ message: ModelMessage, to writer: inout JSONWriter) {
        switch message {
        case .system(let text):
            writer.field("content", text)
            writer.field("role", "system")
        case .user(let parts, let name):
            write(parts, to: &writer)
            writer.field("role", "user")
            if let name { writer.field("name", name) }
        case .assistant(let text, let reasoning, _, let toolCalls):
            // Content may be null only beside tool calls.
            writer.field("content", text ?? (toolCalls.isEmpty ? "" : nil))
            writer.field("role", "assistant")
            if let reasoning, !dialect.isOfficial { writer.field("reasoning_content", reasoning) }
            write(toolCalls, to: &writer)
        case .tool(let callID, let text):
            writer.field("content", text)
            writer.field("role", "tool")
            writer.field("tool_call_id", shortened(callID))
        }
    }

    private func write(_ parts: [ModelContentPart], to writer: inout JSONWriter) {
        if parts.count == 1, case .text(let text) = parts[0] { return writer.field("content", text) }
        writer.nestedArray("content") { writer in
            for part in parts { writer.object { write(part, to: &$0) } }
        }
    }

    private func write(_ part: ModelContentPart, to writer: inout JSONWriter) {
        switch part {
        case .text(let text):
            writer.field("type", "text")
            writer.field("text", text)
        case .image(let url, let detail):
            writer.field("type", "image_url")
            writer.nestedObject("image_url") { writer in
                writer.field("url", url)
                if let detail { writer.field("detail", detail) }
            }
        }
    }

    private func write(_ calls: [ModelToolCall], to writer: inout JSONWriter) {
        guard !calls.isEmpty else { return }
        writer.nestedArray("tool_calls") { writer in
            for call in calls {
                writer.object { writer in
                    writer.field("id", shortened(call.id))
                    writer.field("type", "function")
                    writer.nestedObject("function") { writer in
                        writer.field("name", call.name)
                        writer.field("arguments", call.arguments)
                    }
                }
            }
        }
    }

    /// Some servers generate ids that are longer than others accept.
    private func shortened(_ id: String) -> String {
        String(id.prefix(29))
    }
}
