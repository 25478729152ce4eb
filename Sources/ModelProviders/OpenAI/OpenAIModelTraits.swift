import JSON

/// The traits of an OpenAI-compatible server's models, as far as its listing tells.
struct OpenAIModelTraits: Sendable {
    /// Whether this is llama.cpp's server, which interprets some request fields differently.
    private(set) var isLlamaServer = false
    private var small: Set<String> = []
    private var supportsTools = true

    init() {}

    /// - Parameter document: the response of `GET /models`.
    init(_ document: JSONValue) {
        let entries = document["data"]?.array ?? []
        isLlamaServer = entries.contains { $0["owned_by"]?.string == "llamacpp" }
        for entry in entries {
            guard let name = entry["id"]?.string, let size = entry["meta"]?["n_params"]?.int else { continue }
            if size <= ModelTraits.smallParameters { small.insert(name) }
        }
    }

    /// - Parameter properties: the response of llama-server's `GET /props`; nil if there was none.
    mutating func read(properties: JSONValue?) {
        supportsTools = properties?["chat_template_caps"]?["supports_tools"]?.bool ?? true
    }

    func traits(of model: String) -> ModelTraits {
        ModelTraits(toolCalls: supportsTools ? .maybeText : .none, isSmall: small.contains(model))
    }
}
