import JSON

/// Encodes a request for OpenAI's chat completions.
struct OpenAIRequestBody: JSONWritable {
    /// How a server deviates from the API.
    struct Dialect {
        /// OpenAI's own server, which rejects unknown fields.
        var isOfficial: Bool
        /// llama.cpp's server, which treats a tool choice that is an object as `auto`.
        var isLlamaServer: Bool
        /// What the service is known to refuse.
        var adaptations: Set<ServiceAdaptation> = []
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
            if let user = request.user, takes(.user) { writer.field("user", user) }
        }
    }

    private func takes(_ field: ServiceAdaptation) -> Bool { !dialect.adaptations.contains(field) }

    /// Nil when there is no limit, or the service takes none.
    private var limitField: String? {
        guard request.maxOutputTokens != nil, takes(.outputLimit) else { return nil }
        return takes(.maxTokens) || !takes(.maxCompletionTokens) ? "max_completion_tokens" : "max_tokens"
    }

    /// The names of what is sent and can be spared, for the refusals of services.
    var spareNames: Set<String> {
        var names: Set = ["messages"]
        if let limitField { names.insert(limitField) }
        if streaming { names.insert("stream_options") }
        if request.temperature != nil { names.insert("temperature") }
        if request.reasoningEffort != nil { names.insert("reasoning_effort") }
        if request.responseFormat != nil { names.insert("response_format") }
        if request.topLogprobs != nil { names.insert("logprobs") }
        if request.user != nil { names.insert("user") }
        if !request.tools.isEmpty { names.insert("parallel_tool_calls") }
        if request.tools.contains(where: \.isStrict) { names.insert("strict") }
        if !request.tools.isEmpty, request.toolChoice != .auto { names.insert("tool_choice") }
        for message in request.messages {
            switch message {
            case .user(_, let name?) where !name.isEmpty: names.insert("name")
            case .assistant(_, _?, _, _): names.insert("reasoning_content")
            default: break
            }
        }
        return names
    }

    private func writeSettings(to writer: inout JSONWriter) {
        if let limitField { writer.field(limitField, request.maxOutputTokens) }
        if streaming {
            writer.field("stream", true)
            if takes(.streamOptions) { writer.nestedObject("stream_options") { $0.field("include_usage", true) } }
        }
        if let temperature = request.temperature, acceptsTemperature(temperature) {
            writer.field("temperature", temperature)
        }
        // A fixed seed makes answers at temperature 0 reproducible.
        if dialect.isLlamaServer, request.temperature == 0 { writer.field("seed", 0) }
        if let effort = request.reasoningEffort, takes(.reasoningEffort) { writer.field("reasoning_effort", effort) }
        if let format = request.responseFormat, takes(.responseFormat) { writer.field("response_format", format) }
        if let alternatives = request.topLogprobs, takes(.logprobs) {
            writer.field("logprobs", true)
            if alternatives > 0 { writer.field("top_logprobs", alternatives) }
        }
    }

    private func acceptsTemperature(_ temperature: Double) -> Bool {
        guard takes(.temperature) else { return false }
        return temperature == 1 || !OpenAIKnownModels.isReasoning(request.model)
    }

    private func writeTools(to writer: inout JSONWriter) {
        guard !request.tools.isEmpty else { return }
        if !OpenAIKnownModels.isOSeries(request.model), takes(.parallelToolCalls) {
            writer.field("parallel_tool_calls", request.parallelToolCalls)
        }
        var tools = request.tools
        let choice = takes(.toolChoice) || request.toolChoice == .none ? request.toolChoice : .auto
        switch choice {
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
            for tool in tools { writer.element(takes(.strict) ? tool.function : tool.plain.function) }
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
            if let name, takes(.name) { writer.field("name", name) }
        case .assistant(let text, let reasoning, let signature, let toolCalls):
            // Content may be null only beside tool calls.
            writer.field("content", text ?? (toolCalls.isEmpty ? "" : nil))
            writer.field("role", "assistant")
            if let details = OpaqueReasoning.openRouter.unwrapped(signature) {
                writer.field("reasoning_details", details)
            } else if let reasoning, !reasoning.isEmpty, !dialect.isOfficial, takes(.reasoningContent) {
                writer.field("reasoning_content", reasoning)
            }
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
        takes(.shortCallIDs) ? String(id.prefix(29)) : Self.nineCharacters(for: id)
    }

    /// The same for the same id; a hash where it is longer or has other characters.
    static func nineCharacters(for id: String) -> String {
        let isShort =
            id.utf8.count == 9
            && id.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            }
        guard !isShort else { return id }
        // FNV-1a
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 36)
        return String((String(repeating: "0", count: 9) + digits).suffix(9))
    }
}

extension ModelTool {
    /// Without the wish that the schema is enforced.
    var plain: ModelTool {
        isStrict ? ModelTool(name: name, description: description, parameters: parameters) : self
    }
}
