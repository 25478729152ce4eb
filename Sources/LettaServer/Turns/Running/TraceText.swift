import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// The trace of a model call, in the form of OpenAI's chat completions.
enum TraceText {
    /// The maximum size of a request or a response, in bytes.
    private static let limit = 256 * 1_024

    static func trace(
        _ request: ModelRequest, _ answer: ModelAnswer?, id: ID<ProviderTrace>, step: ID<Step>, at time: Timestamp
    ) -> ProviderTrace {
        ProviderTrace(
            id: id, stepID: step, request: bounded(shortened(request).payload),
            response: bounded(response(answer, model: request.model)), createdAt: time)
    }

    private static func bounded(_ value: some JSONWritable) -> RawJSON {
        let json = RawJSON(value)
        let size = json.text.utf8.count
        guard size > limit else { return json }
        return RawJSON(["not_kept": "too long", "bytes": .int(Int64(size))] as JSONValue)
    }

    /// Leaves out the oldest messages of a long request. Each step repeats the history of those before it, so whole
    /// requests would take space quadratic in the length of a conversation.
    private static func shortened(_ request: ModelRequest) -> ModelRequest {
        let sizes = request.messages.map(\.traceBytes)
        guard sizes.reduce(0, +) > limit else { return request }
        let isSystemFirst = if case .system? = request.messages.first { true } else { false }
        let head = isSystemFirst ? 1 : 0
        // Reserve for escapes, tools and settings.
        var room = limit / 2 - sizes[..<head].reduce(0, +)
        var start = request.messages.endIndex
        while start > head, room >= sizes[start - 1] {
            start -= 1
            room -= sizes[start]
        }
        var request = request
        let note = "[\(start - head) earlier messages are not kept in this trace]"
        request.messages = request.messages[..<head] + [.system(note)] + request.messages[start...]
        return request
    }

    /// The answer assembled from its deltas. What deltas do not hold, such as the service's own id, is null.
    private static func response(_ answer: ModelAnswer?, model: String) -> JSONValue {
        guard let answer else { return [:] }
        return [
            "id": nil, "object": "chat.completion", "created": nil, "model": .string(model),
            "choices": [
                [
                    "index": 0, "finish_reason": .string(reason(answer.finishReason)),
                    "logprobs": answer.logprobs.map { ["content": .array($0), "refusal": nil] } ?? .null,
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
        case .length, .limit: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        case .other(let text): text
        }
    }
}

extension ModelMessage {
    /// The approximate size of the message as JSON, in bytes.
    fileprivate var traceBytes: Int {
        switch self {
        case .system(let text), .tool(_, let text):
            64 + text.utf8.count
        case .user(let parts, _):
            parts.reduce(64) { $0 + $1.traceBytes }
        case .assistant(let text, let reasoning, _, let calls):
            calls.reduce(64 + (text?.utf8.count ?? 0) + (reasoning?.utf8.count ?? 0)) {
                $0 + 64 + $1.arguments.utf8.count
            }
        }
    }
}

extension ModelContentPart {
    fileprivate var traceBytes: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .image(let url, _): url.utf8.count
        }
    }
}
