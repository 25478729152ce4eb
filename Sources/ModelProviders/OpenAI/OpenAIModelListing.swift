import JSON

/// Parses the response of `GET /models` of OpenAI and compatible servers.
struct OpenAIModelListing {
    let settings: ProviderSettings

    /// Of OpenAI's own models, and of the language models of all other servers.
    static let handlePrefixes = ["openai", "openai-proxy"]
    static let officialBaseURL = "https://api.openai.com/v1"

    private var isOfficial: Bool { settings.baseURL == Self.officialBaseURL }

    /// Language models first, then embedding models, each sorted by name.
    func models(from document: JSONValue) throws(ProviderFailure) -> [ModelDescription] {
        let entries = try entries(of: document)
        let chat = entries.filter(isChat).map(languageModel)
        return chat.sorted { $0.name < $1.name } + embeddingModels(entries).sorted { $0.name < $1.name }
    }

    /// OpenAI wraps the list in an object, Together sends a bare array, an empty Ollama sends null.
    private func entries(of document: JSONValue) throws(ProviderFailure) -> [Entry] {
        let list: [JSONValue]
        switch (document, document["data"]) {
        case (.array(let bare), _): list = bare
        case (.object, .array(let wrapped)?): list = wrapped
        case (.object, .null?): list = []
        default: throw ProviderFailure(.invalidAnswer, message: "The provider's model list has an unknown format.")
        }
        var seen = Set<String>()
        return list.compactMap(Entry.init).filter { seen.insert($0.name).inserted }
    }

    private func isChat(_ entry: Entry) -> Bool {
        isOfficial ? OpenAIKnownModels.isOfferedForChat(entry.name) : entry.type != "embeddings"
    }

    private func languageModel(_ entry: Entry) -> ModelDescription {
        let facts = OpenAIKnownModels.facts(of: entry.name)
        // A catalogue's figure is about the model in general; facts about the exact name take precedence.
        let listed = entry.servedWindow ?? (facts == nil ? entry.catalogueWindow : nil)
        let window = listed ?? facts?.contextWindow ?? OpenAIKnownModels.fallbackContextWindow
        var maxTokens = min(OpenAIKnownModels.defaultMaxTokens, facts?.maxOutputTokens ?? .max)
        if listed != nil {
            // Servers with a small window reject a request whose output limit could fill it.
            maxTokens = min(maxTokens, max(1, window / 2))
        }
        let prefix = Self.handlePrefixes[isOfficial ? 0 : 1]
        return ModelDescription(
            handle: "\(prefix)/\(entry.name)", name: entry.name, modelType: .llm, settings: settings,
            contextWindow: window, maxTokens: maxTokens)
    }

    /// Models that are named as embedding models, and all of OpenAI's own if the server offers any model of theirs.
    private func embeddingModels(_ entries: [Entry]) -> [ModelDescription] {
        var models =
            entries
            .filter { $0.type == "embeddings" || $0.name.lowercased().contains("embed") }
            .map { embeddingModel($0.name, window: $0.servedWindow, dimensions: $0.embeddingDimensions) }
        guard isOfficial || entries.contains(where: \.isOpenAIs) else { return models }
        for known in OpenAIKnownModels.embeddings where !models.contains(where: { $0.name == known.name }) {
            models.append(embeddingModel(known.name, window: nil, dimensions: known.dimensions))
        }
        return models
    }

    private func embeddingModel(_ name: String, window: Int?, dimensions: Int?) -> ModelDescription {
        ModelDescription(
            handle: "openai/\(name)", name: name, modelType: .embedding, settings: settings,
            contextWindow: window ?? OpenAIKnownModels.embeddingContextWindow,
            maxTokens: OpenAIKnownModels.defaultMaxTokens,
            embeddingDimensions: OpenAIKnownModels.embeddingDimensions(of: name) ?? dimensions
                ?? OpenAIKnownModels.fallbackEmbeddingDimensions)
    }
}

/// One entry of a listing, with the optional details that servers add.
private struct Entry {
    var name: String
    /// LM Studio's model type: `llm`, `vlm` or `embeddings`.
    var type: String?
    /// The context window that the server runs the model with.
    var servedWindow: Int?
    /// The context window in a catalogue such as OpenRouter's.
    var catalogueWindow: Int?
    var embeddingDimensions: Int?

    init?(_ document: JSONValue) {
        guard let name = document["id"]?.string, !name.isEmpty else { return nil }
        self.name = name
        type = document["type"]?.string
        servedWindow = Self.firstPositive([
            document["meta"]?["n_ctx"],  // llama-server
            document["meta"]?["n_ctx_train"],
            document["max_model_len"],  // vLLM
            document["loaded_context_length"],  // LM Studio
            document["max_context_length"],
        ])
        catalogueWindow = Self.firstPositive([document["context_length"]])
        embeddingDimensions = Self.firstPositive([document["meta"]?["n_embd"]])
    }

    /// Whether this is one of OpenAI's models behind a proxy; servers of open weights report their context window.
    var isOpenAIs: Bool {
        servedWindow == nil && OpenAIKnownModels.facts(of: name) != nil
    }

    private static func firstPositive(_ values: [JSONValue?]) -> Int? {
        values.lazy.compactMap { $0?.int }.map { Int($0) }.first { $0 > 0 }
    }
}
