import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// What of a model call is kept for people to look at, in the form of OpenAI's chat completions.
enum TraceText {
    /// Longer documents are kept as a note of their size: a trace is for looking, not for keeping.
    private static let longest = 256 * 1_024

    static func trace(
        _ request: ModelRequest, _ answer: ModelAnswer?, id: ID<ProviderTrace>, step: ID<Step>, at time: Timestamp
    ) -> ProviderTrace {
        ProviderTrace(
            id: id, stepID: step, request: kept(request.payload),
            response: kept(response(answer, model: request.model)), createdAt: time)
    }

    private static func kept(_ value: some JSONWritable) -> RawJSON {
        let json = RawJSON(value)
        let size = json.text.utf8.count
        guard size > longest else { return json }
        return RawJSON(["not_kept": "too long", "bytes": .int(Int64(size))] as JSONValue)
    }

    /// The answer put together from its pieces; what they don't tell, such as the service's own id, is null.
    private static func response(_ answer: ModelAnswer?, model: String) -> JSONValue {
        guard let answer else { return [:] }
        return [
            "id": nil, "object": "chat.completion", "created": nil, "model": .string(model),
            "choices": [
                [
                    "index": 0, "finish_reason": .string(reason(answer.finishReason)), "logprobs": nil,
                    "message": message(answer),
                ]
            ],
            "service_tier": nil, "system_fingerprint": nil,
            "usage": answer.usage.map(usage) ?? .null,
        ]
    }

    private static func message(_ answer: ModelAnswer) -> JSONValue {
        let calls = answer.toolCalls.map { call -> JSONValue in
            [
                "id": .string(call.id), "type": "function",
                "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
            ]
        }
        var message: JSONObject = [
            "role": "assistant", "content": answer.text.map { .string($0) } ?? .null,
            "tool_calls": calls.isEmpty ? .null : .array(calls), "refusal": nil, "annotations": nil, "audio": nil,
            "function_call": nil,
        ]
        if let reasoning = answer.reasoning { message["reasoning_content"] = .string(reasoning) }
        return .object(message)
    }

    private static func usage(_ usage: ModelUsage) -> JSONValue {
        [
            "prompt_tokens": .int(Int64(usage.promptTokens)),
            "completion_tokens": .int(Int64(usage.completionTokens)),
            "total_tokens": .int(Int64(usage.totalTokens)),
            "completion_tokens_details": ["reasoning_tokens": .int(Int64(usage.reasoningTokens ?? 0))],
            "prompt_tokens_details": ["cached_tokens": .int(Int64(usage.cachedPromptTokens ?? 0))],
        ]
    }

    private static func reason(_ reason: ModelFinishReason) -> String {
        switch reason {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        case .other(let text): text
        }
    }
}
