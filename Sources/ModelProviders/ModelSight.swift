/// What is known of models that see images, by their names. A service that lists a model rarely says so.
package enum ModelSight {
    private static let seeing = [
        "gpt-4o", "gpt-4.1", "gpt-4-turbo", "gpt-4.5", "gpt-5", "chatgpt", "o1", "o3", "o4", "claude", "gemini",
        "gemma-3", "gemma3", "llava", "pixtral", "-vl", "vl-", "vision", "llama-4", "llama4", "minicpm-v", "internvl",
        "moondream", "grok-4", "mistral-small-3", "mistral-medium-3",
    ]
    private static let blind = [
        "gpt-3.5", "o1-mini", "o1-preview", "o3-mini", "deepseek", "coder", "codestral", "smollm", "llama-2", "llama2",
        "llama-3.1", "llama3.1", "llama-3.3", "llama3.3", "mistral-7b", "mixtral", "qwen2.5-0.5b", "qwen2.5-7b",
        "phi-2", "phi-3-mini", "tinyllama", "claude-2", "claude-instant", "gpt-oss",
    ]

    /// Whether a model sees images; nil when nothing is known of it.
    package static func sees(_ model: String) -> Bool? {
        let name = model.lowercased().split(separator: "/").last.map(String.init) ?? model
        if name.contains("-vl") || name.contains("vision") { return true }
        if blind.contains(where: name.contains) { return false }
        return seeing.contains(where: name.contains) ? true : nil
    }
}

extension [ModelMessage] {
    /// The messages with a note in place of each image, for a model that can't see.
    package var withoutImages: [ModelMessage] {
        map { message in
            guard case .user(let parts, let name) = message else { return message }
            return .user(parts.map(\.withoutImage), name: name)
        }
    }
}

extension ModelContentPart {
    fileprivate var withoutImage: ModelContentPart {
        guard case .image = self else { return self }
        return .text("[The user sent an image here, which you can't see.]")
    }
}
