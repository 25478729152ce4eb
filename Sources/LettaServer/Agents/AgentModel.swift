import AgentEngine
import JSON
import LettaAPI

/// The model of an agent: the two descriptions that clients read, kept consistent.
struct AgentModel: Sendable {
    var config: LLMConfig

    /// The newer description, derived from the older one.
    ///
    /// It always shows `parallel_tool_calls: true`, as the peer does. Requests follow the older one.
    var settings: ModelSettings {
        var settings = ModelSettings()
        settings.providerType = config.modelEndpointType
        settings.maxOutputTokens = config.maxTokens ?? 4096
        settings.parallelToolCalls = true
        settings.temperature = config.temperature
        settings.reasoning = .init(reasoningEffort: config.reasoningEffort ?? "minimal")
        settings.responseFormat = config.responseFormat
        settings.strict = config.strict
        return settings
    }

    /// Applies the fields that a client sends in the newer description.
    mutating func apply(_ settings: ModelSettings) {
        if let tokens = settings.maxOutputTokens { config.maxTokens = tokens }
        if let temperature = settings.temperature { config.temperature = temperature }
        if let parallel = settings.parallelToolCalls { config.parallelToolCalls = parallel }
        if let effort = settings.reasoning?.reasoningEffort { config.reasoningEffort = effort }
        if let format = settings.responseFormat { config.responseFormat = format }
        if let strict = settings.strict { config.strict = strict }
    }

    /// - Throws: `APIError` naming the invalid field.
    func validate() throws {
        guard config.contextWindow > 0 else {
            throw APIError.invalidField(
                "context_window_limit", "the context window must have at least one token",
                input: .int(Int64(config.contextWindow)))
        }
        if let tokens = config.maxTokens, tokens <= 0 {
            throw APIError.invalidField(
                "max_tokens", "an answer must have at least one token", input: .int(Int64(tokens)))
        }
        guard (0...2).contains(config.temperature) else {
            throw APIError.invalidField(
                "temperature", "the temperature must be between 0 and 2", input: .double(config.temperature))
        }
    }
}

extension ModelSettings {
    /// The fields in which the settings differ from those that the client was shown.
    ///
    /// `shown` has defaults where the configuration has none, and `parallel_tool_calls: true` where that is off. A client
    /// that sends back the other fields too has read it there; alone it is a change.
    func changes(from shown: ModelSettings) -> ModelSettings {
        var changes = self
        let isReadBack = maxOutputTokens != nil && temperature != nil && reasoning != nil
        if maxOutputTokens == shown.maxOutputTokens { changes.maxOutputTokens = nil }
        if temperature == shown.temperature { changes.temperature = nil }
        if reasoning == shown.reasoning { changes.reasoning = nil }
        if responseFormat == shown.responseFormat { changes.responseFormat = nil }
        if strict == shown.strict { changes.strict = nil }
        if isReadBack, parallelToolCalls == shown.parallelToolCalls { changes.parallelToolCalls = nil }
        return changes
    }
}

extension CompactionSettings {
    /// The given settings, completed with defaults.
    func filled(for config: LLMConfig) -> CompactionSettings {
        var filled = self
        filled.mode = mode ?? .slidingWindow
        filled.model = model ?? Self.defaultModel(endpointType: config.modelEndpointType)
        filled.prompt =
            prompt
            ?? (filled.mode.flatMap { CompactionMode(rawValue: $0.rawValue) }).map(PromptText.compaction)
        filled.promptAcknowledgement = promptAcknowledgement ?? false
        filled.clipChars = clipChars ?? 50_000
        filled.slidingWindowPercentage = slidingWindowPercentage ?? 0.3
        return filled
    }

    /// A small model of the same provider; where it isn't offered, the agent's own model summarises.
    private static func defaultModel(endpointType: String) -> String {
        switch endpointType {
        case "anthropic": "anthropic/claude-haiku-4-5"
        case "google_ai", "google_vertex": "google_ai/gemini-2.5-flash"
        default: "openai/gpt-5-mini"
        }
    }
}
