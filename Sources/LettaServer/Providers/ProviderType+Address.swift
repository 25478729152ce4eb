import LettaAPI
import ModelProviders

extension ProviderType {
    /// Whether this server can talk to the service: it speaks OpenAI's API, natively or beside one of its own, or Anthropic's.
    var isSpoken: Bool {
        switch self {
        case .anthropic, .baseten, .cerebras, .deepseek, .fireworks, .groq, .huggingFace, .lmstudio, .ollama, .openai,
            .openrouter, .sglang, .together, .vllm, .xai, .zai, .zaiCoding:
            true
        case .azure, .bedrock, .chatgptOAuth, .googleAI, .googleVertex, .letta, .minimax, .mistral: false
        }
    }

    /// Whether the service lists its models to everybody, so that a listing proves nothing about a key.
    var listsWithoutKey: Bool { [.huggingFace, .openrouter].contains(self) }

    /// Where the service is, unless a provider names another address; nil where none is known.
    var wellKnownAddress: String? {
        switch self {
        case .anthropic: AnthropicProvider.officialBaseURL
        case .baseten: "https://inference.baseten.co/v1"
        case .cerebras: "https://api.cerebras.ai/v1"
        case .deepseek: "https://api.deepseek.com/v1"
        case .fireworks: "https://api.fireworks.ai/inference/v1"
        case .groq: "https://api.groq.com/openai/v1"
        case .lmstudio: "http://127.0.0.1:1234/v1"
        case .ollama: "http://127.0.0.1:11434/v1"
        case .openai: "https://api.openai.com/v1"
        case .openrouter: "https://openrouter.ai/api/v1"
        case .together: "https://api.together.xyz/v1"
        case .xai: "https://api.x.ai/v1"
        case .zai: "https://api.z.ai/api/paas/v4"
        case .zaiCoding: "https://api.z.ai/api/coding/paas/v4"
        case .huggingFace, .sglang, .vllm: nil
        case .azure, .bedrock, .chatgptOAuth, .googleAI, .googleVertex, .letta, .minimax, .mistral: nil
        }
    }

    /// The address to call. Programs that have an API of their own beside OpenAI's are often given without the `/v1`.
    func address(_ given: String?) -> String? {
        guard let given else { return wellKnownAddress }
        let trimmed = given.hasSuffix("/") ? String(given.dropLast()) : given
        let hasPath = trimmed.split(separator: "/", omittingEmptySubsequences: false).count > 3
        return [.lmstudio, .ollama, .sglang, .vllm].contains(self) && !hasPath ? "\(trimmed)/v1" : given
    }

    var notSpoken: String {
        let spoken = Self.allCases.filter(\.isSpoken).map(\.rawValue).joined(separator: ", ")
        return "This server can't talk to providers of type \(rawValue) yet. It talks to: \(spoken)."
    }
}

extension ProviderRow {
    /// How to reach the provider.
    func settings(key: String?) -> ProviderSettings {
        ProviderSettings(
            name: name, kind: providerType == .anthropic ? .anthropic : .openAI,
            baseURL: providerType.address(baseURL) ?? "",
            apiKey: key.flatMap { $0.isEmpty ? nil : Secret($0) }, category: .byok)
    }
}
