import JSON

/// Parses the response of `GET /models` of OpenAI and compatible servers.
struct OpenAIModelListing {
    let settings: ProviderSettings
    /// The window of a server that runs one model, from its own route; it takes precedence.
    var servedWindow: Int?
    /// A second listing with more about the same models.
    var details: JSONValue?

    /// Of OpenAI's own models, and of the language models of all other servers.
    static let handlePrefixes = ["openai", "openai-proxy"]
    static let officialBaseURL = "https://api.openai.com/v1"

    private var isOfficial: Bool { settings.baseURL == Self.officialBaseURL }

    /// A model that a service accepts without listing it.
    func unlisted(_ name: String) -> ModelDescription? {
        guard let entry = Entry(["id": .string(name)], nil) else { return nil }
        return languageModel(entry)
    }

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
        let more = Dictionary(
            (details?["data"]?.array ?? []).compactMap { entry in entry["id"]?.string.map { ($0, entry) } },
            uniquingKeysWith: { first, _ in first })
        return list.compactMap { Entry($0, $0["id"]?.string.flatMap { more[$0] }) }.filter {
            seen.insert($0.name).inserted
        }
    }

    private func isChat(_ entry: Entry) -> Bool {
        isOfficial ? OpenAIKnownModels.isOfferedForChat(entry.name) : entry.type != "embeddings" && entry.isForChat
    }

    private func languageModel(_ entry: Entry) -> ModelDescription {
        let facts = OpenAIKnownModels.facts(of: entry.baseModel)
        // A catalogue's figure is about the model in general; facts about the exact name take precedence.
        let listed = servedWindow ?? entry.servedWindow ?? (facts == nil ? entry.catalogueWindow : nil)
        let window = listed ?? facts?.contextWindow ?? OpenAIKnownModels.fallbackContextWindow
        var maxTokens = min(OpenAIKnownModels.defaultMaxTokens, facts?.maxOutputTokens ?? entry.maxOutputTokens ?? .max)
        if listed != nil {
            // Servers with a small window reject a request whose output limit could fill it.
            maxTokens = min(maxTokens, max(1, window / 2))
        }
        return ModelDescription(
            handle: "\(prefix(isEmbedding: false))/\(entry.name)", name: entry.name, modelType: .llm,
            settings: settings,
            contextWindow: window, maxTokens: maxTokens)
    }

    /// A service in OpenAI's place keeps its language models apart from OpenAI's own.
    private func prefix(isEmbedding: Bool) -> String {
        guard settings.service == "openai" else { return settings.name }
        return Self.handlePrefixes[isOfficial || isEmbedding ? 0 : 1]
    }

    /// Models that are named as embedding models, and all of OpenAI's own if the server offers any model of theirs.
    private func embeddingModels(_ entries: [Entry]) -> [ModelDescription] {
        var models =
            entries
            .filter { $0.type == "embeddings" || $0.name.lowercased().contains("embed") }
            .map { embeddingModel($0.name, window: $0.servedWindow, dimensions: $0.embeddingDimensions) }
        guard isOfficial || settings.service == "openai" && entries.contains(where: \.isOpenAIs) else { return models }
        for known in OpenAIKnownModels.embeddings where !models.contains(where: { $0.name == known.name }) {
            models.append(embeddingModel(known.name, window: nil, dimensions: known.dimensions))
        }
        return models
    }

    private func embeddingModel(_ name: String, window: Int?, dimensions: Int?) -> ModelDescription {
        let known = OpenAIKnownModels.embeddingDimensions(of: name) ?? dimensions
        var model = ModelDescription(
            handle: "\(prefix(isEmbedding: true))/\(name)", name: name, modelType: .embedding, settings: settings,
            contextWindow: window ?? OpenAIKnownModels.embeddingContextWindow,
            maxTokens: OpenAIKnownModels.defaultMaxTokens,
            embeddingDimensions: known ?? OpenAIKnownModels.fallbackEmbeddingDimensions)
        model.isGuessedDimensions = known == nil
        return model
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
    var maxOutputTokens: Int?
    /// The name of the model behind the name of a deployment.
    var baseModel: String
    /// Mistral lists what its models are for.
    var isForChat: Bool

    /// - Parameter details: what a second listing has about it.
    init?(_ document: JSONValue, _ details: JSONValue?) {
        guard let name = document["id"]?.string, !name.isEmpty else { return nil }
        self.name = name
        type = document["type"]?.string ?? details?["type"]?.string
        baseModel = document["model"]?.nonEmptyString ?? name
        isForChat = document["capabilities"]?["completion_chat"]?.bool ?? true
        maxOutputTokens = Self.firstPositive([
            document["top_provider"]?["max_completion_tokens"],  // OpenRouter
            document["max_completion_tokens"],  // Groq
            document["max_output_tokens"],
        ])
        servedWindow = Self.firstPositive([
            document["meta"]?["n_ctx"],  // llama-server
            document["meta"]?["n_ctx_train"],
            document["max_model_len"],  // vLLM
            document["top_provider"]?["context_length"],  // OpenRouter
            details?["loaded_context_length"], document["loaded_context_length"],  // LM Studio
            details?["max_context_length"], document["max_context_length"],
        ])
        catalogueWindow = Self.firstPositive([
            document["context_length"], document["context_window"], document["max_input_tokens"],
        ])
        embeddingDimensions = Self.firstPositive([document["meta"]?["n_embd"]])
    }

    /// Whether this is one of OpenAI's models behind a proxy; servers of open weights report their context window.
    var isOpenAIs: Bool {
        servedWindow == nil && OpenAIKnownModels.facts(of: name) != nil
    }

    private static func firstPositive(_ values: [JSONValue?]) -> Int? {
        values.lazy.compactMap { $0?.tokenCount }.first { $0 > 0 }
    }
}
