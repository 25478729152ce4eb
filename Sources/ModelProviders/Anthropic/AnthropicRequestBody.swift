import JSON

/// Encodes a request for Anthropic's Messages API.
struct AnthropicRequestBody: JSONWritable {
    let request: ModelRequest
    let streaming: Bool

    /// The API requires a limit.
    private static let defaultMaxTokens = 4_096
    private static let smallestBudget = 1_024
    private static let efforts = ["low", "medium", "high", "xhigh", "max"]

    private var maxTokens: Int { request.maxOutputTokens ?? Self.defaultMaxTokens }

    func write(to writer: inout JSONWriter) {
        let conversation = AnthropicConversation(request.messages)
        writer.object { writer in
            writer.field("max_tokens", maxTokens)
            writer.nestedArray("messages") { writer in
                for turn in conversation.turns { writer.element(turn) }
            }
            writer.field("model", request.model)
            if streaming { writer.field("stream", true) }
            writeSystem(conversation.system, to: &writer)
            writeSampling(reasoning(in: conversation), to: &writer)
            let config = outputConfig(reasoning(in: conversation))
            if !config.isEmpty { writer.field("output_config", JSONValue.object(config)) }
            writeTools(to: &writer)
            if let user = request.user {
                writer.nestedObject("metadata") { $0.field("user_id", user) }
            }
        }
    }

    /// The end of the system prompt is marked for the prompt cache: the tools, which come before it, and the prompt are
    /// the same in every step.
    private func writeSystem(_ texts: [String], to writer: inout JSONWriter) {
        guard !texts.isEmpty else { return }
        writer.nestedArray("system") { writer in
            for (index, text) in texts.enumerated() {
                writer.object { writer in
                    writer.field("type", "text")
                    writer.field("text", text)
                    if index == texts.count - 1 {
                        writer.nestedObject("cache_control") { $0.field("type", "ephemeral") }
                    }
                }
            }
        }
    }

    // MARK: Sampling

    private func writeSampling(_ reasoning: AnthropicKnownModels.Reasoning, to writer: inout JSONWriter) {
        switch reasoning {
        case .budget:
            writer.nestedObject("thinking") { writer in
                writer.field("type", "enabled")
                writer.field(
                    "budget_tokens", min(max(request.reasoningBudget ?? 0, Self.smallestBudget), maxTokens - 1))
            }
        case .adaptive:
            writer.nestedObject("thinking") { writer in
                writer.field("type", "adaptive")
                writer.field("display", "summarized")
            }
        case .unsupported:
            // 1 is the default, which models that take no temperature accept only unsaid.
            if let temperature = request.temperature, temperature != 1,
                AnthropicKnownModels.acceptsTemperature(request.model)
            {
                writer.field("temperature", min(temperature, 1))
            }
        }
    }

    /// The effort of models that decide how much they reason, and the schema of a structured answer.
    private func outputConfig(_ reasoning: AnthropicKnownModels.Reasoning) -> JSONObject {
        var config = JSONObject()
        if reasoning == .adaptive, let effort = request.reasoningEffort, Self.efforts.contains(effort) {
            config["effort"] = .string(effort)
        }
        if takesSchemas, let schema = request.responseFormat?["json_schema"]?["schema"] {
            config["format"] = ["type": "json_schema", "schema": Self.closed(schema)]
        }
        return config
    }

    private var takesSchemas: Bool { AnthropicKnownModels.takesSchemas(request.model) }

    /// The API takes schemas whose objects have no other properties than the named ones.
    private static func closed(_ schema: JSONValue) -> JSONValue {
        switch schema {
        case .array(let items): return .array(items.map(closed))
        case .object(let members):
            var object = JSONObject()
            for (key, value) in members { object[key] = closed(value) }
            if object["type"] == "object", object["properties"] != nil { object["additionalProperties"] = false }
            return .object(object)
        default: return schema
        }
    }

    /// How to ask for reasoning; `unsupported` for not asking.
    ///
    /// A forced tool call and reasoning exclude each other, and a budget is rejected after calls without reasoning.
    private func reasoning(in conversation: AnthropicConversation) -> AnthropicKnownModels.Reasoning {
        guard request.reasoningBudget != nil, !isForced else { return .unsupported }
        let reasoning = AnthropicKnownModels.reasoning(of: request.model)
        guard reasoning == .budget else { return reasoning }
        return conversation.acceptsReasoning && maxTokens > Self.smallestBudget ? .budget : .unsupported
    }

    private var isForced: Bool {
        switch request.toolChoice {
        case .required, .one: !request.tools.isEmpty
        case .auto, .none: false
        }
    }

    // MARK: Tools

    private func writeTools(to writer: inout JSONWriter) {
        guard !request.tools.isEmpty else { return }
        writer.nestedObject("tool_choice") { writer in
            switch request.toolChoice {
            case .auto: writer.field("type", "auto")
            case .none: writer.field("type", "none")
            case .required: writer.field("type", "any")
            case .one(let name):
                writer.field("type", "tool")
                writer.field("name", name)
            }
            if request.toolChoice != .none {
                writer.field("disable_parallel_tool_use", !request.parallelToolCalls)
            }
        }
        writer.nestedArray("tools") { writer in
            for tool in request.tools {
                writer.object { writer in
                    writer.field("name", tool.name)
                    if let description = tool.description { writer.field("description", description) }
                    let isStrict = tool.isStrict && takesSchemas
                    let schema = Self.schema(tool.parameters)
                    writer.field("input_schema", isStrict ? Self.closed(schema) : schema)
                    if isStrict { writer.field("strict", true) }
                }
            }
        }
    }

    private static func schema(_ parameters: JSONValue) -> JSONValue {
        guard case .object(var object) = parameters, object["type"] == nil else { return parameters }
        object["type"] = "object"
        return .object(object)
    }
}
