import JSON

/// Parses chat completions: complete answers, and the parts they share with streamed ones.
enum OpenAIAnswerReader {
    static func answer(from document: JSONValue) throws(ProviderFailure) -> ModelAnswer {
        if let error = document["error"], !error.isNull { throw .openAI(event: error) }
        guard let choice = document["choices"]?.array?.first, let message = choice["message"], message.object != nil
        else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's answer has no message.")
        }
        let calls = (message["tool_calls"]?.array ?? []).compactMap(toolCall)
        return ModelAnswer(
            text: text(of: message), reasoning: reasoning(of: message), toolCalls: calls,
            finishReason: finishReason(of: choice) ?? (calls.isEmpty ? .stop : .toolCalls),
            usage: usage(of: document))
    }

    /// Nil instead of an empty text. Some servers send content parts instead of a string.
    static func text(of message: JSONValue) -> String? {
        let parts = message["content"]?.array?.compactMap { $0["text"]?.string }.joined()
        let text = message["content"]?.string ?? parts ?? ""
        return text.isEmpty ? nonEmpty(message["refusal"]) : text
    }

    static func reasoning(of message: JSONValue) -> String? {
        nonEmpty(message["reasoning_content"]) ?? nonEmpty(message["reasoning"])
    }

    static func finishReason(of choice: JSONValue) -> ModelFinishReason? {
        switch choice["finish_reason"]?.string {
        case nil, "": nil
        case "stop": .stop
        case "length": .length
        case "tool_calls", "function_call": .toolCalls
        case "content_filter": .contentFilter
        case let other?: .other(other)
        }
    }

    static func usage(of document: JSONValue) -> ModelUsage? {
        guard let usage = document["usage"], let prompt = count(usage["prompt_tokens"]) else { return nil }
        return ModelUsage(
            promptTokens: prompt, completionTokens: count(usage["completion_tokens"]) ?? 0,
            totalTokens: count(usage["total_tokens"]),
            cachedPromptTokens: count(usage["prompt_tokens_details"]?["cached_tokens"]),
            reasoningTokens: count(usage["completion_tokens_details"]?["reasoning_tokens"]))
    }

    /// The arguments as text; some servers send the object itself.
    static func arguments(of function: JSONValue) -> String? {
        switch function["arguments"] {
        case .string(let text)?: text
        case .object(let object)?: JSONWriter.string(of: JSONValue.object(object))
        default: nil
        }
    }

    static func newToolCallID() -> String {
        "call_" + String((0..<20).compactMap { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() })
    }

    static func nonEmpty(_ value: JSONValue?) -> String? {
        guard let text = value?.string, !text.isEmpty else { return nil }
        return text
    }

    private static func toolCall(_ call: JSONValue) -> ModelToolCall? {
        guard let function = call["function"], let name = nonEmpty(function["name"]) else { return nil }
        return ModelToolCall(
            id: nonEmpty(call["id"]) ?? newToolCallID(), name: name, arguments: arguments(of: function) ?? "")
    }

    /// A token count; nil for an implausible one, so that sums never overflow.
    private static func count(_ value: JSONValue?) -> Int? {
        value?.int.flatMap { (0...1_000_000_000).contains($0) ? Int($0) : nil }
    }
}
