public import JSON

/// One event of a conversation as clients see it: something said, a tool called, a tool's result.
///
/// Several of them may come from one stored message and then share its id. Kinds that this version does not
/// know are kept as they came.
public struct LettaMessage: Codable, Sendable, Hashable, JSONWritable {
    public var json: RawJSON

    public init(_ message: some JSONWritable) {
        json = RawJSON(message)
    }

    public init(from decoder: any Decoder) throws {
        json = try RawJSON(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try json.encode(to: encoder)
    }

    public func write(to writer: inout JSONWriter) {
        json.write(to: &writer)
    }

    /// The fields by name. Throws when the text is no JSON, which only a broken store can cause.
    public func fields() throws -> JSONValue {
        try json.value()
    }
}

/// Why a turn ended.
public enum StopReason: String, Codable, Sendable, CaseIterable, JSONWritable {
    case endTurn = "end_turn"
    case error
    case modelError = "llm_api_error"
    case invalidModelResponse = "invalid_llm_response"
    case invalidToolCall = "invalid_tool_call"
    case maxSteps = "max_steps"
    case maxTokensExceeded = "max_tokens_exceeded"
    case noToolCall = "no_tool_call"
    case toolRule = "tool_rule"
    case cancelled
    case insufficientCredits = "insufficient_credits"
    case requiresApproval = "requires_approval"
    case systemPromptOverflow = "context_window_overflow_in_system_prompt"
}

/// The stop reason as an event.
public struct StopReasonEvent: Codable, Sendable, Hashable, JSONWritable {
    public var stopReason: StopReason

    public init(_ stopReason: StopReason) {
        self.stopReason = stopReason
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("message_type", "stop_reason")
            $0.field("stop_reason", stopReason)
        }
    }
}

/// How many tokens a turn used; sums over its steps but for `contextTokens`.
public struct UsageEvent: Codable, Sendable, Hashable, JSONWritable {
    public var completionTokens = 0
    public var promptTokens = 0
    public var totalTokens = 0
    public var stepCount = 0
    public var runIDs: [String]?
    public var cachedInputTokens: Int?
    public var cacheWriteTokens: Int?
    public var reasoningTokens: Int?
    /// The size of the context after the last step.
    public var contextTokens: Int?

    public init() {}

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("message_type", "usage_statistics")
            $0.field("completion_tokens", completionTokens)
            $0.field("prompt_tokens", promptTokens)
            $0.field("total_tokens", totalTokens)
            $0.field("step_count", stepCount)
            $0.field("run_ids", runIDs)
            $0.field("cached_input_tokens", cachedInputTokens)
            $0.field("cache_write_tokens", cacheWriteTokens)
            $0.field("reasoning_tokens", reasoningTokens)
            $0.field("context_tokens", contextTokens)
        }
    }
}

/// The log probabilities of an answer, in the format of OpenAI's chat completions.
public struct TokenLogprobs: Codable, Sendable, JSONWritable {
    /// Of each token.
    public var content: [JSONValue]

    public init(_ content: [JSONValue]) {
        self.content = content
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("content", content)
            $0.field("refusal", JSONValue.null)
        }
    }
}

/// The answer to messages sent without streaming.
public struct LettaResponse: Codable, Sendable, JSONWritable {
    public var messages: [LettaMessage]
    public var stopReason: StopReasonEvent
    public var usage: UsageEvent
    /// Of the last model call, where the request or the agent asks for them and the service tells them.
    public var logprobs: TokenLogprobs?

    public init(messages: [LettaMessage], stopReason: StopReasonEvent, usage: UsageEvent) {
        self.messages = messages
        self.stopReason = stopReason
        self.usage = usage
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("messages", messages)
            $0.field("stop_reason", stopReason)
            $0.field("usage", usage)
            $0.field("logprobs", logprobs)
            $0.field("turns", JSONValue.null)
        }
    }
}
