import JSON

/// Parses a page of `GET /v1/models`.
struct AnthropicModelListing {
    let models: [ModelDescription]
    /// The cursor of the next page; nil on the last one.
    let next: String?

    init(_ document: JSONValue, settings: ProviderSettings) throws(ProviderFailure) {
        guard let entries = document["data"]?.array else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's model list has an unknown format.")
        }
        models = entries.compactMap { Self.model($0, settings) }
        next = document["has_more"]?.bool == true ? document["last_id"]?.nonEmptyString : nil
    }

    private static func model(_ entry: JSONValue, _ settings: ProviderSettings) -> ModelDescription? {
        // A retired model is listed for the record.
        guard let name = entry["id"]?.nonEmptyString, entry["lifecycle"]?.string != "retired" else { return nil }
        let window = positive(entry["max_input_tokens"]) ?? AnthropicKnownModels.contextWindow(of: name)
        let limit = positive(entry["max_tokens"]) ?? AnthropicKnownModels.maxOutputTokens(of: name)
        var model = ModelDescription(
            handle: "\(settings.name)/\(name)", name: name, modelType: .llm, settings: settings,
            contextWindow: window, maxTokens: min(OpenAIKnownModels.defaultMaxTokens, limit, max(1, window / 2)))
        if let displayName = entry["display_name"]?.nonEmptyString { model.displayName = displayName }
        return model
    }

    private static func positive(_ value: JSONValue?) -> Int? {
        value?.tokenCount.flatMap { $0 > 0 ? $0 : nil }
    }
}
