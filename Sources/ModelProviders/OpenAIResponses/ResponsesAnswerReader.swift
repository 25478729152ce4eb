import JSON

/// Parses answers of the Responses API: complete ones, and the parts they share with streamed ones.
enum ResponsesAnswerReader {
    static func answer(from document: JSONValue) throws(ProviderFailure) -> ModelAnswer {
        if document["status"]?.string == "failed" { throw failure(of: document) }
        guard let items = document["output"]?.array else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's answer has no output.")
        }
        let calls = items.compactMap(toolCall)
        let reasoning = items.filter { $0["type"]?.string == "reasoning" }
        return ModelAnswer(
            text: joined(items.flatMap(texts), by: ""),
            reasoning: joined(reasoning.flatMap(summaries), by: separator),
            reasoningSignature: signature(of: reasoning), toolCalls: calls,
            finishReason: finishReason(of: document, hasCalls: !calls.isEmpty), usage: usage(of: document),
            logprobs: logprobs(of: items))
    }

    /// Between two parts of reasoning, which count as one.
    static let separator = "\n\n"

    static func toolCall(_ item: JSONValue) -> ModelToolCall? {
        guard item["type"]?.string == "function_call", let name = item["name"]?.nonEmptyString else { return nil }
        return ModelToolCall(
            id: item["call_id"]?.nonEmptyString ?? OpenAIAnswerReader.newToolCallID(), name: name,
            arguments: item["arguments"]?.string ?? "")
    }

    /// The items to send back; without encrypted content the service could not read them.
    static func signature(of reasoning: [JSONValue]) -> String? {
        let items = reasoning.compactMap { item -> JSONValue? in
            guard let content = item["encrypted_content"]?.nonEmptyString else { return nil }
            var kept: JSONObject = ["type": "reasoning", "summary": item["summary"] ?? []]
            if let id = item["id"]?.nonEmptyString { kept["id"] = .string(id) }
            kept["encrypted_content"] = .string(content)
            return .object(kept)
        }
        return items.isEmpty ? nil : OpaqueReasoning.openAI.wrapped(.array(items))
    }

    static func finishReason(of response: JSONValue, hasCalls: Bool) -> ModelFinishReason {
        switch response["incomplete_details"]?["reason"]?.string {
        case "max_output_tokens": .length
        case "content_filter": .contentFilter
        case let other?: .other(other)
        case nil: hasCalls ? .toolCalls : .stop
        }
    }

    static func usage(of response: JSONValue) -> ModelUsage? {
        guard let usage = response["usage"], let prompt = usage["input_tokens"]?.tokenCount else { return nil }
        return ModelUsage(
            promptTokens: prompt, completionTokens: usage["output_tokens"]?.tokenCount ?? 0,
            totalTokens: usage["total_tokens"]?.tokenCount,
            cachedPromptTokens: usage["input_tokens_details"]?["cached_tokens"]?.tokenCount,
            reasoningTokens: usage["output_tokens_details"]?["reasoning_tokens"]?.tokenCount)
    }

    static func failure(of response: JSONValue) -> ProviderFailure {
        let error = response["error"] ?? .null
        return ProviderFailure(event: error, status: status(of: error))
    }

    /// The statuses of the error codes, which come without a status in a stream.
    static func status(of error: JSONValue) -> Int {
        switch error["code"]?.string {
        case "rate_limit_exceeded": 429
        case "invalid_prompt", "context_length_exceeded", "invalid_request_error", "invalid_image_format": 400
        case "server_is_overloaded", "slow_down": 503
        default: 500
        }
    }

    private static func logprobs(of items: [JSONValue]) -> [JSONValue]? {
        let tokens = items.flatMap { $0["content"]?.array ?? [] }.flatMap { $0["logprobs"]?.array ?? [] }
        return tokens.isEmpty ? nil : tokens
    }

    private static func texts(of item: JSONValue) -> [String] {
        guard item["type"]?.string == "message" else { return [] }
        return (item["content"]?.array ?? []).compactMap {
            $0["text"]?.nonEmptyString ?? $0["refusal"]?.nonEmptyString
        }
    }

    /// The summary of reasoning, or the reasoning itself of servers of open weights.
    private static func summaries(of item: JSONValue) -> [String] {
        let summary = (item["summary"]?.array ?? []).compactMap { $0["text"]?.nonEmptyString }
        return summary.isEmpty ? (item["content"]?.array ?? []).compactMap { $0["text"]?.nonEmptyString } : summary
    }

    private static func joined(_ texts: [String], by separator: String) -> String? {
        texts.isEmpty ? nil : texts.joined(separator: separator)
    }
}
