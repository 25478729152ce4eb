import AgentEngine
import JSON
import LettaAPI

/// The model of an agent: both descriptions that clients read, kept in agreement.
struct AgentModel: Sendable {
    var config: LLMConfig

    /// The newer description, made from the older one.
    ///
    /// It says `parallel_tool_calls: true` unless it was given otherwise, whatever the older one says:
    /// clients of the peer know it so. What counts for requests is the older one.
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

    /// Takes what a client says in the newer description.
    mutating func apply(_ settings: ModelSettings) {
        if let tokens = settings.maxOutputTokens { config.maxTokens = tokens }
        if let temperature = settings.temperature { config.temperature = temperature }
        config.parallelToolCalls = settings.parallelToolCalls ?? true
        if let effort = settings.reasoning?.reasoningEffort { config.reasoningEffort = effort }
        if let format = settings.responseFormat { config.responseFormat = format }
        if let strict = settings.strict { config.strict = strict }
    }

    /// - Throws: `APIError` naming the field that can't be.
    func validate() throws {
        guard config.contextWindow > 0 else {
            throw APIError.invalidField(
                "context_window_limit", "the context window needs at least one token",
                input: .int(Int64(config.contextWindow)))
        }
        if let tokens = config.maxTokens, tokens <= 0 {
            throw APIError.invalidField(
                "max_tokens", "an answer needs at least one token", input: .int(Int64(tokens)))
        }
        guard (0...2).contains(config.temperature) else {
            throw APIError.invalidField(
                "temperature", "the temperature has to be between 0 and 2", input: .double(config.temperature))
        }
    }
}

extension CompactionSettings {
    /// All fields filled: what was given, and defaults for the rest.
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
