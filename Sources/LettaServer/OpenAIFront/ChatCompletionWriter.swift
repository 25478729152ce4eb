import JSON
import LettaAPI

/// Writes chat completions, whole or in chunks.
struct ChatCompletionWriter: FrontWriter {
    /// The id of the run.
    let id: String
    /// In seconds since 1970.
    let created: Int64
    let model: String
    /// Whether the stream ends with the usage.
    var includesUsage = false
    private var hasSpoken = false

    init(id: String, created: Int64, model: String) {
        self.id = id
        self.created = created
        self.model = model
    }

    func completion(_ answer: FrontAnswer) -> JSONValue {
        let message: JSONValue = [
            "role": "assistant", "content": answer.text.isEmpty && !answer.calls.isEmpty ? nil : .string(answer.text),
            "refusal": nil, "function_call": nil, "tool_calls": Self.calls(answer.calls),
        ]
        return object(
            "chat.completion",
            choices: [
                [
                    "finish_reason": .string(Self.finishReason(answer.stop, answer.calls)), "index": 0, "logprobs": nil,
                    "message": message,
                ]
            ],
            usage: Self.usage(answer.usage))
    }

    // MARK: Chunks

    func start() -> [UInt8] { [] }

    mutating func text(_ text: String) -> [UInt8] {
        defer { hasSpoken = true }
        return chunk(content: .string(text), role: hasSpoken ? .null : "assistant", finishReason: .null)
    }

    func end(_ stop: StopReason, _ usage: UsageEvent, _ calls: [FrontCall]) -> [UInt8] {
        var bytes: [UInt8] = []
        if !calls.isEmpty {
            bytes += chunk(
                content: .null, role: hasSpoken ? .null : "assistant", finishReason: .null,
                calls: Self.calls(calls, areNumbered: true))
        }
        bytes += chunk(
            content: .null, role: hasSpoken || !calls.isEmpty ? .null : "assistant",
            finishReason: .string(Self.finishReason(stop, calls)))
        if includesUsage { bytes += frame(object("chat.completion.chunk", choices: [], usage: Self.usage(usage))) }
        return bytes + EventFrame.done
    }

    func failure(type: String, _ message: String) -> [UInt8] {
        frame(["error": ["message": .string(message), "type": .string(type), "param": nil, "code": .string(type)]])
            + EventFrame.done
    }

    private func chunk(
        content: JSONValue, role: JSONValue, finishReason: JSONValue, calls: JSONValue = .null
    ) -> [UInt8] {
        let delta: JSONValue = [
            "content": content, "function_call": nil, "refusal": nil, "role": role, "tool_calls": calls,
        ]
        let choice: JSONValue = ["delta": delta, "finish_reason": finishReason, "index": 0, "logprobs": nil]
        return frame(object("chat.completion.chunk", choices: [choice], usage: .null))
    }

    private func object(_ kind: String, choices: [JSONValue], usage: JSONValue) -> JSONValue {
        [
            "id": .string("chatcmpl-\(id)"), "choices": .array(choices), "created": .int(created),
            "model": .string(model), "object": .string(kind), "service_tier": nil, "system_fingerprint": nil,
            "usage": usage,
        ]
    }

    private func frame(_ value: JSONValue) -> [UInt8] {
        Array("data: \(JSONWriter.string(of: value))\n\n".utf8)
    }

    /// - Parameter areNumbered: in chunks, calls have indices.
    private static func calls(_ calls: [FrontCall], areNumbered: Bool = false) -> JSONValue {
        guard !calls.isEmpty else { return .null }
        return .array(
            calls.enumerated().map { index, call in
                var object: JSONObject = [
                    "id": .string(call.id), "type": "function",
                    "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
                ]
                if areNumbered { object["index"] = .int(Int64(index)) }
                return .object(object)
            })
    }

    private static func finishReason(_ stop: StopReason, _ calls: [FrontCall]) -> String {
        switch stop {
        case _ where !calls.isEmpty: "tool_calls"
        case .maxSteps, .maxTokensExceeded: "length"
        default: "stop"
        }
    }

    private static func usage(_ usage: UsageEvent) -> JSONValue {
        [
            "completion_tokens": .int(Int64(usage.completionTokens)), "prompt_tokens": .int(Int64(usage.promptTokens)),
            "total_tokens": .int(Int64(usage.totalTokens)),
            "completion_tokens_details": ["reasoning_tokens": .int(Int64(usage.reasoningTokens ?? 0))],
            "prompt_tokens_details": ["cached_tokens": .int(Int64(usage.cachedInputTokens ?? 0))],
        ]
    }
}
