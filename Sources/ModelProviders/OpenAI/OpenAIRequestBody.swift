import JSON

/// Writes a request in the form of OpenAI's chat completions.
struct OpenAIRequestBody {
    /// How a server differs from the one whose format it speaks.
    struct Dialect {
        /// OpenAI's own server: strict about fields it does not know.
        var isOfficial: Bool
        /// llama.cpp's own server: takes a tool choice that is an object for `auto`.
        var isLlamaServer: Bool
    }

    let request: ModelRequest
    let dialect: Dialect

    func document(streaming: Bool) -> JSONValue {
        var body = JSONObject()
        body["messages"] = .array(request.messages.map(message))
        body["model"] = .string(request.model)
        if let limit = request.maxOutputTokens { body["max_completion_tokens"] = .int(Int64(limit)) }
        if streaming {
            body["stream"] = true
            body["stream_options"] = ["include_usage": true]
        }
        if let temperature = request.temperature, acceptsTemperature(temperature) {
            body["temperature"] = .double(temperature)
        }
        // With nothing left to chance the same question has the same answer.
        if dialect.isLlamaServer, request.temperature == 0 { body["seed"] = 0 }
        if let effort = request.reasoningEffort { body["reasoning_effort"] = .string(effort) }
        if let format = request.responseFormat { body["response_format"] = format }
        addTools(to: &body)
        if let user = request.user { body["user"] = .string(user) }
        return .object(body)
    }

    private func acceptsTemperature(_ temperature: Double) -> Bool {
        temperature == 1 || !OpenAIKnownModels.isReasoning(request.model)
    }

    private func addTools(to body: inout JSONObject) {
        guard !request.tools.isEmpty else { return }
        if !OpenAIKnownModels.isOSeries(request.model) {
            body["parallel_tool_calls"] = .bool(request.parallelToolCalls)
        }
        var tools = request.tools
        switch request.toolChoice {
        case .auto: body["tool_choice"] = "auto"
        case .none: body["tool_choice"] = "none"
        case .required: body["tool_choice"] = "required"
        case .one(let name) where dialect.isLlamaServer:
            tools = tools.filter { $0.name == name }
            body["tool_choice"] = "required"
        case .one(let name):
            body["tool_choice"] = ["type": "function", "function": ["name": .string(name)]]
        }
        body["tools"] = .array(tools.map(tool))
    }

    private func tool(_ tool: ModelTool) -> JSONValue {
        var function: JSONObject = ["name": .string(tool.name)]
        if let description = tool.description { function["description"] = .string(description) }
        function["parameters"] = tool.parameters
        if tool.isStrict { function["strict"] = true }
        return ["type": "function", "function": .object(function)]
    }

    private func message(_ message: ModelMessage) -> JSONValue {
        switch message {
        case .system(let text):
            return ["content": .string(text), "role": "system"]
        case .user(let parts, let name):
            var user: JSONObject = ["content": content(parts), "role": "user"]
            if let name { user["name"] = .string(name) }
            return .object(user)
        case .assistant(let text, let reasoning, let toolCalls):
            return assistant(text, reasoning, toolCalls)
        case .tool(let callID, let text):
            return ["content": .string(text), "role": "tool", "tool_call_id": .string(shortened(callID))]
        }
    }

    private func content(_ parts: [ModelContentPart]) -> JSONValue {
        if parts.count == 1, case .text(let text) = parts[0] { return .string(text) }
        return .array(parts.map(part))
    }

    private func part(_ part: ModelContentPart) -> JSONValue {
        switch part {
        case .text(let text):
            return ["type": "text", "text": .string(text)]
        case .image(let url, let detail):
            var image: JSONObject = ["url": .string(url)]
            if let detail { image["detail"] = .string(detail) }
            return ["type": "image_url", "image_url": .object(image)]
        }
    }

    private func assistant(_ text: String?, _ reasoning: String?, _ toolCalls: [ModelToolCall]) -> JSONValue {
        // Only a message that calls tools may say nothing at all.
        let silence: JSONValue = toolCalls.isEmpty ? "" : .null
        var message: JSONObject = ["content": text.map { .string($0) } ?? silence, "role": "assistant"]
        if let reasoning, !dialect.isOfficial { message["reasoning_content"] = .string(reasoning) }
        if !toolCalls.isEmpty { message["tool_calls"] = .array(toolCalls.map(toolCall)) }
        return .object(message)
    }

    private func toolCall(_ call: ModelToolCall) -> JSONValue {
        [
            "id": .string(shortened(call.id)), "type": "function",
            "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
        ]
    }

    /// Some servers make ids longer than others accept back.
    private func shortened(_ id: String) -> String {
        String(id.prefix(29))
    }
}
