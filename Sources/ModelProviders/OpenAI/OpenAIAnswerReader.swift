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
        let said = text(of: message).map(ThinkTags.split)
        return ModelAnswer(
            text: said?.text, reasoning: reasoning(of: message) ?? said?.reasoning,
            reasoningSignature: message["reasoning_details"].flatMap(details), toolCalls: calls,
            finishReason: finishReason(of: choice) ?? (calls.isEmpty ? .stop : .toolCalls),
            usage: usage(of: document), logprobs: logprobs(of: choice))
    }

    static func logprobs(of choice: JSONValue) -> [JSONValue]? {
        guard let tokens = choice["logprobs"]?["content"]?.array, !tokens.isEmpty else { return nil }
        return tokens
    }

    /// Nil instead of an empty text. Some servers send content parts instead of a string.
    static func text(of message: JSONValue) -> String? {
        let parts = message["content"]?.array?.compactMap { $0["text"]?.string }.joined()
        let text = message["content"]?.string ?? parts ?? ""
        return text.isEmpty ? message["refusal"]?.nonEmptyString : text
    }

    static func reasoning(of message: JSONValue) -> String? {
        if let text = message["reasoning_content"]?.nonEmptyString ?? message["reasoning"]?.nonEmptyString {
            return text
        }
        let parts = message["reasoning_details"]?.array?.compactMap { $0["text"]?.string ?? $0["summary"]?.string }
        let mistral = message["content"]?.array?.flatMap { $0["thinking"]?.array ?? [] }.compactMap {
            $0["text"]?.string
        }
        let joined = (parts ?? mistral ?? []).joined()
        return joined.isEmpty ? nil : joined
    }

    /// OpenRouter's details of reasoning, which the model wants back with the results of its calls.
    private static func details(_ value: JSONValue) -> String? {
        guard let items = value.array, !items.isEmpty else { return nil }
        return OpaqueReasoning.openRouter.wrapped(value)
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
        guard let usage = document["usage"], let prompt = usage["prompt_tokens"]?.tokenCount else { return nil }
        return ModelUsage(
            promptTokens: prompt, completionTokens: usage["completion_tokens"]?.tokenCount ?? 0,
            totalTokens: usage["total_tokens"]?.tokenCount,
            cachedPromptTokens: usage["prompt_tokens_details"]?["cached_tokens"]?.tokenCount
                ?? usage["prompt_cache_hit_tokens"]?.tokenCount  // DeepSeek
                ?? usage["cached_tokens"]?.tokenCount,  // Moonshot
            cacheWriteTokens: usage["prompt_tokens_details"]?["cache_write_tokens"]?.tokenCount,  // OpenRouter
            reasoningTokens: usage["completion_tokens_details"]?["reasoning_tokens"]?.tokenCount
                ?? usage["reasoning_tokens"]?.tokenCount)
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

    private static func toolCall(_ call: JSONValue) -> ModelToolCall? {
        guard let function = call["function"], let name = function["name"]?.nonEmptyString else { return nil }
        return ModelToolCall(
            id: call["id"]?.nonEmptyString ?? newToolCallID(), name: name, arguments: arguments(of: function) ?? "")
    }
}
