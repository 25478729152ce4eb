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
    }

    public var providerType: String?
    public var maxOutputTokens: Int?
    public var parallelToolCalls: Bool?
    public var temperature: Double?
    public var reasoning: Reasoning?
    public var responseFormat: ObjectDocument?
    public var strict: Bool?

    public init() {}
}

/// How an agent's context is shortened when it grows too long.
public struct CompactionSettings: Codable, Sendable, JSONWritable {
    public enum Mode: String, Codable, Sendable, CaseIterable, JSONWritable {
        case all
        case slidingWindow = "sliding_window"
        case selfCompactAll = "self_compact_all"
        case selfCompactSlidingWindow = "self_compact_sliding_window"
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
}
