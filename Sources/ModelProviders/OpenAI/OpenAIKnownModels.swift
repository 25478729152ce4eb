/// Published limits of models that providers list by name only.
///
/// The listing of OpenAI and most compatible servers has neither the context window nor the output limit. Too large a
/// window fails turns, so an unknown model gets a small one.
enum OpenAIKnownModels {
    struct Facts: Equatable {
        /// In tokens, input and output together.
        var contextWindow: Int
        var maxOutputTokens: Int
    }

    static let fallbackContextWindow = 30_000
    /// The default output limit, unless the model's own is lower.
    static let defaultMaxTokens = 16_384
    static let fallbackEmbeddingDimensions = 1_536

    /// The facts of the longest prefix that matches.
    ///
    /// Dated and preview variants (`gpt-4o-2024-11-20`) share the facts of their base model.
    static func facts(of name: String) -> Facts? {
        let match =
            families
            .filter { family in
                guard name.hasPrefix(family.prefix) else { return false }
                let rest = name.dropFirst(family.prefix.count)
                return rest.isEmpty || rest.hasPrefix("-") || family.prefix.hasSuffix(".")
            }
            .max { $0.prefix.count < $1.prefix.count }
        return match.map { Facts(contextWindow: $0.contextWindow, maxOutputTokens: $0.maxOutputTokens) }
    }

    /// Whether this is a reasoning model, which rejects any temperature but 1.
    static func isReasoning(_ name: String) -> Bool {
        isOSeries(name) || (name.hasPrefix("gpt-5") && !name.contains("-chat"))
    }

    /// Whether a model is of the `o` series, which rejects `parallel_tool_calls`.
    static func isOSeries(_ name: String) -> Bool {
        ["o1", "o3", "o4"].contains { name == $0 || name.hasPrefix("\($0)-") }
    }

    /// Whether OpenAI serves this model through chat completions; its listing has models of all kinds.
    static func isOfferedForChat(_ name: String) -> Bool {
        guard name.hasPrefix("gpt-") || name.hasPrefix("chatgpt-") || isOSeries(name) else { return false }
        return !otherUses.contains { name.contains($0) }
    }

    /// OpenAI's embedding models.
    static let embeddings: [(name: String, dimensions: Int)] = [
        ("text-embedding-3-large", 3_072),
        ("text-embedding-3-small", 1_536),
        ("text-embedding-ada-002", 1_536),
    ]

    static let embeddingContextWindow = 8_191

    /// For OpenAI's and the most popular open embedding models.
    static func embeddingDimensions(of name: String) -> Int? {
        if let own = embeddings.first(where: { $0.name == name }) { return own.dimensions }
        let lowercased = name.lowercased()
        return openEmbeddings.first { lowercased.contains($0.part) }?.dimensions
    }

    private static let openEmbeddings: [(part: String, dimensions: Int)] = [
        ("minilm", 384), ("bge-small", 384), ("bge-base", 768), ("bge-large", 1_024), ("bge-m3", 1_024),
        ("e5-small", 384), ("e5-base", 768), ("e5-large", 1_024), ("mxbai-embed-large", 1_024),
        ("nomic-embed-text", 768), ("embeddinggemma", 768), ("snowflake-arctic-embed-l", 1_024),
        ("qwen3-embedding-0.6b", 1_024), ("qwen3-embedding-4b", 2_560), ("qwen3-embedding-8b", 4_096),
    ]

    /// Name parts of models that OpenAI lists but does not serve through chat completions.
    private static let otherUses = [
        "audio", "realtime", "image", "tts", "transcribe", "search", "instruct", "codex", "-pro", "deep-research",
        "live", "translate",
    ]

    private struct Family {
        var prefix: String
        var contextWindow: Int
        var maxOutputTokens: Int

        init(_ prefix: String, _ contextWindow: Int, _ maxOutputTokens: Int) {
            self.prefix = prefix
            self.contextWindow = contextWindow
            self.maxOutputTokens = maxOutputTokens
        }
    }

    /// A prefix that ends with a dot covers versions that are newer than this table.
    private static let families: [Family] = [
        Family("gpt-3.5-turbo", 16_385, 4_096),
        Family("gpt-4", 8_192, 8_192),
        Family("gpt-4-32k", 32_768, 8_192),
        Family("gpt-4-0125-preview", 128_000, 4_096),
        Family("gpt-4-1106-preview", 128_000, 4_096),
        Family("gpt-4-vision-preview", 128_000, 4_096),
        Family("gpt-4-turbo", 128_000, 4_096),
        Family("gpt-4o", 128_000, 16_384),
        Family("chatgpt-4o", 128_000, 16_384),
        Family("gpt-4.1", 1_047_576, 32_768),
        Family("gpt-4.5", 128_000, 16_384),
        Family("gpt-5", 400_000, 128_000),
        Family("gpt-5-chat", 128_000, 16_384),
        Family("gpt-5.1-chat", 128_000, 16_384),
        Family("gpt-5.2-chat", 128_000, 16_384),
        Family("gpt-5.", 400_000, 128_000),
        Family("gpt-oss", 131_072, 131_072),
        Family("o1", 200_000, 100_000),
        Family("o1-mini", 128_000, 65_536),
        Family("o1-preview", 128_000, 32_768),
        Family("o3", 200_000, 100_000),
        Family("o4-mini", 200_000, 100_000),
        Family("text-embedding", embeddingContextWindow, defaultMaxTokens),
    ]
}
