import JSON

/// What Ollama shows of a model.
struct OllamaModel: Sendable {
    let name: String
    /// In tokens; nil for what is not shown.
    private(set) var contextWindow: Int?
    private(set) var embeddingDimensions: Int?
    private(set) var isEmbedding: Bool
    private(set) var canThink: Bool
    private(set) var traits: ModelTraits

    /// A model runs with the window that its Modelfile sets. Else with as much as it was trained with, up to this: the
    /// memory of a window grows with its size.
    static let defaultWindow = 32_768
    private static let fallbackWindow = 4_096

    /// - Parameter document: the response of `POST /api/show`.
    init(name: String, document: JSONValue) {
        self.name = name
        let details = document["model_info"]
        let architecture = details?["general.architecture"]?.string ?? ""
        let trained = details?["\(architecture).context_length"]?.tokenCount
        contextWindow = Self.window(in: document["parameters"]?.string) ?? trained.map { min($0, Self.defaultWindow) }
        let capabilities = document["capabilities"]?.array?.compactMap(\.string)
        isEmbedding =
            capabilities.map { $0.contains("embedding") && !$0.contains("completion") }
            ?? name.lowercased().contains("embed")
        embeddingDimensions = details?["\(architecture).embedding_length"]?.tokenCount
        canThink = capabilities?.contains("thinking") ?? false
        let size = details?["general.parameter_count"]?.int ?? .max
        traits = ModelTraits(
            toolCalls: capabilities.map { $0.contains("tools") ? .native : .none } ?? .maybeText,
            isSmall: size <= ModelTraits.smallParameters)
    }

    func description(of settings: ProviderSettings) -> ModelDescription {
        let window = contextWindow ?? Self.fallbackWindow
        let known = embeddingDimensions ?? OpenAIKnownModels.embeddingDimensions(of: name)
        var model = ModelDescription(
            handle: "\(settings.name)/\(name)", name: name, modelType: isEmbedding ? .embedding : .llm,
            settings: settings, contextWindow: window,
            maxTokens: min(OpenAIKnownModels.defaultMaxTokens, max(1, window / 2)),
            embeddingDimensions: isEmbedding ? known ?? OpenAIKnownModels.fallbackEmbeddingDimensions : nil)
        model.isGuessedDimensions = isEmbedding && known == nil
        return model
    }

    /// The `num_ctx` of a Modelfile: lines of names and values.
    private static func window(in parameters: String?) -> Int? {
        for line in (parameters ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "num_ctx", let number = words.last.flatMap({ Int($0) }), number > 0 {
                return min(number, 1_000_000_000)
            }
        }
        return nil
    }
}
