/// What the listing of Anthropic's models leaves out, by the version in a model's name.
enum AnthropicKnownModels {
    /// How a model is asked to reason.
    enum Reasoning: Equatable {
        case unsupported
        /// With a budget of tokens.
        case budget
        /// The model decides how much; a budget is rejected.
        case adaptive
    }

    /// In tokens, input and output together; for models whose window the service does not tell.
    static func contextWindow(of name: String) -> Int {
        isClaude(name) ? 200_000 : OpenAIKnownModels.fallbackContextWindow
    }

    /// For models whose output limit the service does not tell.
    static func maxOutputTokens(of name: String) -> Int {
        switch version(of: name) {
        case let version? where version < (3, 5): 4_096
        case let version? where version < (3, 7): 8_192
        default: 32_000
        }
    }

    /// Models from version 4.7 on reject any temperature but the default.
    static func acceptsTemperature(_ name: String) -> Bool {
        isClaude(name) ? version(of: name).map { $0 < (4, 7) } ?? false : true
    }

    /// Whether a model takes the schema of its answer and enforces those of tools: from version 4.5 on.
    static func takesSchemas(_ name: String) -> Bool {
        isClaude(name) && version(of: name).map { $0 >= (4, 5) } ?? true
    }

    static func reasoning(of name: String) -> Reasoning {
        guard isClaude(name) else { return .budget }
        guard let version = version(of: name), version < (4, 7) else { return .adaptive }
        return version < (3, 7) ? .unsupported : .budget
    }

    /// The models of services with this API that list none.
    static func unlistedModels(of service: String) -> [(name: String, contextWindow: Int)] {
        service == "minimax"
            ? [("MiniMax-M2", 204_800), ("MiniMax-M2.1", 204_800), ("MiniMax-M2.1-lightning", 204_800)] : []
    }

    private static func isClaude(_ name: String) -> Bool { name.hasPrefix("claude-") }

    /// `claude-3-7-sonnet-20250219` is 3.7, `claude-opus-4-20250514` is 4.0. Nil for a name without a version.
    private static func version(of name: String) -> (Int, Int)? {
        guard isClaude(name) else { return nil }
        let numbers = name.split(separator: "-").compactMap { $0.utf8.count <= 2 ? Int($0) : nil }
        return numbers.first.map { ($0, numbers.dropFirst().first ?? 0) }
    }
}
