/// A change to requests, for a service that refuses what the API allows.
package enum ServiceAdaptation: String, Sendable, CaseIterable {
    /// The output limit is `max_tokens` instead of `max_completion_tokens`.
    case maxTokens = "max_tokens"
    /// The output limit is `max_completion_tokens`, where a profile says otherwise.
    case maxCompletionTokens = "max_completion_tokens"
    /// Fields that are left out.
    case outputLimit = "output_limit"
    case parallelToolCalls = "parallel_tool_calls"
    case user
    case strict
    case streamOptions = "stream_options"
    /// A required tool choice is sent as `auto`.
    case toolChoice = "tool_choice"
    case responseFormat = "response_format"
    case temperature
    case reasoningEffort = "reasoning_effort"
    case logprobs
    /// Reasoning is not sent back.
    case reasoningContent = "reasoning_content"
    /// The names of speakers are left out.
    case name
    /// Ids of tool calls have nine letters and digits.
    case shortCallIDs = "short_call_ids"
    /// The model is served by the Responses API alone.
    case responses
    /// The service has no batches for the model.
    case batches

    /// What to tell people.
    package var explanation: String {
        switch self {
        case .maxTokens: "takes max_tokens, not max_completion_tokens"
        case .maxCompletionTokens: "takes max_completion_tokens, not max_tokens"
        case .outputLimit: "takes no output limit"
        case .toolChoice: "can't be forced to call a tool"
        case .reasoningContent: "takes no reasoning back"
        case .shortCallIDs: "takes ids of tool calls of nine letters and digits"
        case .responses: "serves this model through the Responses API alone"
        case .batches: "has no batches"
        default: "refuses \(rawValue)"
        }
    }
}

extension Set<ServiceAdaptation> {
    /// The adaptation that answers a refusal; nil when the refusal names no field that was sent and can be spared.
    ///
    /// - Parameter names: the names of all members of the request.
    func answering(_ failure: ProviderFailure, toRequestWith names: Set<String>) -> ServiceAdaptation? {
        guard [.badRequest, .unprocessable, .notFound].contains(failure.kind) else { return nil }
        let text = failure.message.lowercased()
        if text.contains("v1/responses"), !contains(.responses), names.contains("messages") { return .responses }
        guard failure.kind != .notFound else { return nil }
        let field = failure.field?.lowercased()
        func isNamed(_ name: String) -> Bool {
            if let field, field == name || field.hasSuffix(".\(name)") { return true }
            return Self.isRefused(name, in: text)
        }
        if !Self.isAboutSize(text) {
            // A service that has refused both takes none.
            if names.contains("max_completion_tokens"), isNamed("max_completion_tokens") {
                return contains(.maxTokens) ? .outputLimit : .maxTokens
            }
            if names.contains("max_tokens"), isNamed("max_tokens") { return .maxCompletionTokens }
        }
        return Self.optional.first { !contains($0) && names.contains($0.rawValue) && isNamed($0.rawValue) }
    }

    private static let optional: [ServiceAdaptation] = [
        .parallelToolCalls, .streamOptions, .reasoningContent, .reasoningEffort, .responseFormat, .toolChoice, .strict,
        .temperature, .user, .name, .logprobs,
    ]

    private static let refusals = [
        "unsupported", "not support", "unknown", "unrecognized", "unexpected", "not permitted", "not allowed",
        "invalid parameter", "extra input", "extra field", "extra_forbidden", "is not a valid", "unavailable",
        "additional properties", "not available", "only the default",
    ]

    private static func isAboutSize(_ text: String) -> Bool {
        ["too large", "at most", "greater than", "less than", "exceed"].contains { text.contains($0) }
    }

    /// Whether a text names the field as a word and refuses it. Names that are words of the language must be quoted.
    private static func isRefused(_ name: String, in text: String) -> Bool {
        guard refusals.contains(where: { text.contains($0) }) else { return false }
        if name.contains("_") { return text.contains(name) }
        return ["'\(name)'", "\"\(name)\"", "`\(name)`", ".\(name)"].contains { text.contains($0) }
            || [
                "parameter: \(name)", "parameter \(name)", "argument: \(name)", "supplied: \(name)", "field: \(name)",
                "\(name): extra",
            ]
            .contains { text.contains($0) }
            || text.hasPrefix("\(name) ")
    }
}
