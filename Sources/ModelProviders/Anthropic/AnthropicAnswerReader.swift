import JSON

/// Parses messages: complete answers, and the parts they share with streamed ones.
enum AnthropicAnswerReader {
    static func answer(from document: JSONValue) throws(ProviderFailure) -> ModelAnswer {
        if document["type"]?.string == "error" { throw .anthropic(event: document["error"] ?? document) }
        guard let blocks = document["content"]?.array else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's answer has no content.")
        }
        let calls = blocks.compactMap(toolCall)
        let reasoning = blocks.filter { isReasoning($0) }
        var usage = AnthropicUsage()
        usage.read(document["usage"])
        return ModelAnswer(
            text: joined(blocks.compactMap { $0["text"]?.nonEmptyString }, by: ""),
            reasoning: joined(reasoning.compactMap { $0["thinking"]?.nonEmptyString }, by: reasoningSeparator),
            reasoningSignature: signature(of: reasoning),
            toolCalls: calls,
            finishReason: finishReason(document["stop_reason"]) ?? (calls.isEmpty ? .stop : .toolCalls),
            usage: usage.total)
    }

    /// Between two blocks of reasoning, which count as one.
    static let reasoningSeparator = "\n\n"

    /// What goes back with the results: the signature of a single readable block, else all blocks as they came.
    static func signature(of reasoning: [JSONValue]) -> String? {
        if reasoning.count == 1, reasoning[0]["type"]?.string == "thinking" {
            return reasoning[0]["signature"]?.nonEmptyString
        }
        let isWhole = reasoning.allSatisfy {
            $0["signature"]?.nonEmptyString != nil || $0["data"]?.nonEmptyString != nil
        }
        return reasoning.isEmpty || !isWhole ? nil : OpaqueReasoning.anthropic.wrapped(.array(reasoning))
    }

    /// Whether a content block is reasoning, readable or encrypted.
    static func isReasoning(_ block: JSONValue) -> Bool {
        ["thinking", "redacted_thinking"].contains(block["type"]?.string)
    }

    static func finishReason(_ value: JSONValue?) -> ModelFinishReason? {
        switch value?.string {
        case nil, "": nil
        case "end_turn", "stop_sequence": .stop
        case "max_tokens", "model_context_window_exceeded": .length
        case "tool_use": .toolCalls
        case "refusal": .contentFilter
        case let other?: .other(other)
        }
    }

    private static func toolCall(_ block: JSONValue) -> ModelToolCall? {
        guard block["type"]?.string == "tool_use", let id = block["id"]?.nonEmptyString,
            let name = block["name"]?.nonEmptyString
        else { return nil }
        return ModelToolCall(id: id, name: name, arguments: JSONWriter.string(of: block["input"] ?? [:]))
    }

    private static func joined(_ texts: [String], by separator: String) -> String? {
        texts.isEmpty ? nil : texts.joined(separator: separator)
    }
}

/// The token counts of an answer; a stream sends them in several parts, a later count replacing an earlier one.
struct AnthropicUsage: Sendable {
    private var input: Int?
    private var output: Int?
    private var cacheRead: Int?
    private var cacheWrite: Int?
    private var reasoning: Int?

    mutating func read(_ usage: JSONValue?) {
        input = usage?["input_tokens"]?.tokenCount ?? input
        output = usage?["output_tokens"]?.tokenCount ?? output
        cacheRead = usage?["cache_read_input_tokens"]?.tokenCount ?? cacheRead
        cacheWrite = usage?["cache_creation_input_tokens"]?.tokenCount ?? cacheWrite
        reasoning = usage?["output_tokens_details"]?["thinking_tokens"]?.tokenCount ?? reasoning
    }

    /// Nil without any count. `input_tokens` counts only what is neither read from the cache nor written to it.
    var total: ModelUsage? {
        guard let input else { return nil }
        return ModelUsage(
            promptTokens: input + (cacheRead ?? 0) + (cacheWrite ?? 0), completionTokens: output ?? 0,
            cachedPromptTokens: cacheRead, cacheWriteTokens: cacheWrite, reasoningTokens: reasoning)
    }
}
