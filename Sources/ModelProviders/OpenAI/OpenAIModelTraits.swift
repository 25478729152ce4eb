import JSON

/// What the model list of a server that imitates OpenAI's tells of its models.
struct OpenAIModelTraits: Sendable {
    /// Whether this is llama.cpp's own server, which reads some request fields differently.
    private(set) var isLlamaServer = false
    private var small: Set<String> = []
    private var knowsTools = true

    /// Nothing is known yet.
    init() {}

    /// - Parameter document: the answer of `GET /models`.
    init(_ document: JSONValue) {
        let entries = document["data"]?.array ?? []
        isLlamaServer = entries.contains { $0["owned_by"]?.string == "llamacpp" }
        for entry in entries {
            guard let name = entry["id"]?.string, let size = entry["meta"]?["n_params"]?.int else { continue }
            if size <= ModelTraits.smallParameters { small.insert(name) }
        }
    }

    /// - Parameter properties: the answer of llama-server's `GET /props`; nil where there was none.
    mutating func read(properties: JSONValue?) {
        knowsTools = properties?["chat_template_caps"]?["supports_tools"]?.bool ?? true
    }

    func traits(of model: String) -> ModelTraits {
        ModelTraits(toolCalls: knowsTools ? .maybeText : .none, isSmall: small.contains(model))
    }
}
