import JSON

/// Parses a page of `GET /v1beta/models`.
struct GoogleModelListing {
    let models: [ModelDescription]
    /// The cursor of the next page; nil on the last one.
    let next: String?

    /// Of models whose window is not told.
    private static let fallbackContextWindow = 32_768
    /// Published for `gemini-embedding-001`; others are asked for.
    private static let knownDimensions = [
        "gemini-embedding-001": 3_072, "text-embedding-004": 768, "embedding-001": 768,
    ]

    init(_ document: JSONValue, settings: ProviderSettings) throws(ProviderFailure) {
        guard let entries = document["models"]?.array else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's model list has an unknown format.")
        }
        models = entries.flatMap { Self.models($0, settings) }
        next = document["nextPageToken"]?.nonEmptyString
    }

    /// What an entry is for: answers, embeddings, or neither.
    static func models(_ entry: JSONValue, _ settings: ProviderSettings) -> [ModelDescription] {
        guard let path = entry["name"]?.nonEmptyString else { return [] }
        let name = path.hasPrefix("models/") ? String(path.dropFirst("models/".count)) : path
        let methods = (entry["supportedGenerationMethods"]?.array ?? []).compactMap(\.string)
        let window = positive(entry["inputTokenLimit"])
        var models: [ModelDescription] = []
        if methods.contains("generateContent") || methods.isEmpty {
            let limit = positive(entry["outputTokenLimit"]) ?? OpenAIKnownModels.defaultMaxTokens
            models.append(
                ModelDescription(
                    handle: "\(settings.name)/\(name)", name: name, modelType: .llm, settings: settings,
                    contextWindow: window ?? fallbackContextWindow,
                    maxTokens: min(OpenAIKnownModels.defaultMaxTokens, limit)))
        }
        if methods.contains("embedContent") {
            var model = ModelDescription(
                handle: "\(settings.name)/\(name)", name: name, modelType: .embedding, settings: settings,
                contextWindow: window ?? 2_048, maxTokens: OpenAIKnownModels.defaultMaxTokens,
                embeddingDimensions: knownDimensions[name] ?? 768)
            model.isGuessedDimensions = knownDimensions[name] == nil
            models.append(model)
        }
        guard let title = entry["displayName"]?.nonEmptyString else { return models }
        return models.map { model in
            var model = model
            model.displayName = title
            return model
        }
    }

    private static func positive(_ value: JSONValue?) -> Int? {
        value?.tokenCount.flatMap { $0 > 0 ? $0 : nil }
    }
}
