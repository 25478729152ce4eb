public import JSON

/// The newer description of how a model is called; every agent shows it beside ``LLMConfig``, from which it is made.
///
/// In a request, keys that are not listed here are ignored, as the peer does.
public struct ModelSettings: Codable, Sendable, JSONWritable {
    /// How hard the model thinks before it answers.
    public struct Reasoning: Codable, Sendable, Hashable, JSONWritable {
        public var reasoningEffort: String?

        public init(reasoningEffort: String?) {
            self.reasoningEffort = reasoningEffort
        }

        enum CodingKeys: String, CodingKey {
            case reasoningEffort = "reasoning_effort"
        }

        public func write(to writer: inout JSONWriter) {
            writer.object { $0.field("reasoning_effort", reasoningEffort) }
        }
    }

    public var providerType: String?
    public var maxOutputTokens: Int?
    public var parallelToolCalls: Bool?
    public var temperature: Double?
    public var reasoning: Reasoning?
    public var responseFormat: ObjectDocument?
    public var strict: Bool?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case temperature, reasoning, strict
        case providerType = "provider_type"
        case maxOutputTokens = "max_output_tokens"
        case parallelToolCalls = "parallel_tool_calls"
        case responseFormat = "response_format"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("max_output_tokens", maxOutputTokens)
            $0.field("parallel_tool_calls", parallelToolCalls)
            $0.field("provider_type", providerType)
            $0.field("temperature", temperature)
            $0.field("reasoning", reasoning)
            $0.field("response_format", responseFormat)
            $0.field("strict", strict)
        }
    }
}

/// How an agent's context is shortened when it grows too long.
public struct CompactionSettings: Codable, Sendable, JSONWritable {
    public enum Mode: String, Codable, Sendable, CaseIterable, JSONWritable {
        case all
        case slidingWindow = "sliding_window"
        case selfCompactAll = "self_compact_all"
        case selfCompactSlidingWindow = "self_compact_sliding_window"

        public func write(to writer: inout JSONWriter) {
            writer.value(rawValue)
        }
    }

    /// The handle of the model that summarises; one that is not there falls back to the agent's own.
    public var model: String?
    public var modelSettings: ObjectDocument?
    public var prompt: String?
    public var promptAcknowledgement: Bool?
    /// The most characters of a summary.
    public var clipChars: Int?
    public var mode: Mode?
    /// The share of messages that is taken out at first.
    public var slidingWindowPercentage: Double?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case model, prompt, mode
        case modelSettings = "model_settings"
        case promptAcknowledgement = "prompt_acknowledgement"
        case clipChars = "clip_chars"
        case slidingWindowPercentage = "sliding_window_percentage"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("model", model)
            $0.field("model_settings", modelSettings)
            $0.field("prompt", prompt)
            $0.field("prompt_acknowledgement", promptAcknowledgement)
            $0.field("clip_chars", clipChars)
            $0.field("mode", mode)
            $0.field("sliding_window_percentage", slidingWindowPercentage)
        }
    }
}
