/// A model service that is known by the name of its type: where it is, what it speaks, and how it deviates from that.
package struct ServiceProfile: Sendable {
    /// As in `provider_type`.
    package let type: String
    package let kind: ProviderKind
    /// Nil where there is no well-known address.
    package let address: String?
    /// The environment variable of its key; nil for a service without one.
    package let keyVariable: String?
    /// The environment variables of its address; the first that is set counts.
    package let addressVariables: [String]
    /// Whether the service lists its models to everybody, so that a listing proves nothing about a key.
    package private(set) var listsWithoutKey = false
    /// Whether it is a program with an API of its own beside OpenAI's, which is often named without the `/v1`.
    package private(set) var isLocalProgram = false
    /// What is known without a refusal.
    package let adaptations: Set<ServiceAdaptation>

    private init(
        _ type: String, _ address: String?, speaking kind: ProviderKind = .openAI, key: String? = nil,
        addresses: [String] = [], adapting adaptations: Set<ServiceAdaptation> = []
    ) {
        self.type = type
        self.kind = kind
        self.address = address
        keyVariable = key
        addressVariables = addresses
        self.adaptations = adaptations
    }

    private var listingWithoutKey: ServiceProfile {
        var profile = self
        profile.listsWithoutKey = true
        return profile
    }

    private var localProgram: ServiceProfile {
        var profile = self
        profile.isLocalProgram = true
        return profile
    }

    /// The profile of a type; nil for a service that this server can't talk to.
    package static func named(_ type: String) -> ServiceProfile? { byType[type] }

    /// The profile that the `model_endpoint_type` of a configuration means. What is unknown is taken for OpenAI's API,
    /// which most services speak.
    package static func endpoint(_ type: String) -> ServiceProfile {
        byType[type] ?? byType[synonyms[type] ?? ""] ?? openAI
    }

    /// The address to call. Local programs that have an API of their own beside OpenAI's are often named without `/v1`.
    package func address(_ given: String?) -> String? {
        guard let given else { return address }
        let trimmed = given.hasSuffix("/") ? String(given.dropLast()) : given
        let hasPath = trimmed.split(separator: "/", omittingEmptySubsequences: false).count > 3
        return isLocalProgram && !hasPath ? "\(trimmed)/v1" : given
    }

    /// How to reach the service.
    ///
    /// - Parameters:
    ///   - name: what the handles of its models begin with; nil for the type.
    ///   - given: nil for the well-known address.
    package func settings(
        name: String? = nil, address given: String? = nil, key: Secret? = nil, category: ProviderCategory = .base
    ) -> ProviderSettings {
        ProviderSettings(
            name: name ?? type, kind: kind, service: type, baseURL: address(given) ?? "", apiKey: key,
            category: category)
    }

    /// What sets its address, in words; nil where there is nothing to set.
    package var howToSet: String? {
        let variables = ([keyVariable].compactMap(\.self) + addressVariables.prefix(1))
        return variables.isEmpty ? nil : variables.joined(separator: " or ")
    }

    private static let synonyms = [
        "lmstudio": "lmstudio_openai", "lmstudio-legacy": "lmstudio_openai",
        "lmstudio-chatcompletions": "lmstudio_openai", "llama.cpp": "llamacpp", "google": "google_ai",
        "gemini": "google_ai",
    ]
    private static let byType = Dictionary(uniqueKeysWithValues: all.map { ($0.type, $0) })

    private static let openAI = ServiceProfile(
        "openai", OpenAIModelListing.officialBaseURL, key: "OPENAI_API_KEY",
        addresses: ["OPENAI_BASE_URL", "OPENAI_API_BASE"])

    /// In the order in which their models are listed.
    package static let all: [ServiceProfile] = [
        openAI,
        ServiceProfile(
            "anthropic", AnthropicProvider.officialBaseURL, speaking: .anthropic, key: "ANTHROPIC_API_KEY",
            addresses: ["ANTHROPIC_BASE_URL"]),
        ServiceProfile(
            "google_ai", GoogleProvider.officialBaseURL, speaking: .google, key: "GEMINI_API_KEY",
            addresses: ["GEMINI_BASE_URL"]),
        ServiceProfile("azure", nil, speaking: .azure, key: "AZURE_API_KEY", addresses: ["AZURE_BASE_URL"]),
        ServiceProfile(
            "ollama", "http://127.0.0.1:11434/v1", speaking: .ollama, key: "OLLAMA_API_KEY",
            addresses: ["OLLAMA_BASE_URL"]
        ).localProgram,
        ServiceProfile(
            "lmstudio_openai", "http://127.0.0.1:1234/v1", addresses: ["LMSTUDIO_BASE_URL"], adapting: [.maxTokens]
        ).localProgram,
        ServiceProfile("vllm", nil, key: "VLLM_API_KEY", addresses: ["VLLM_API_BASE"]).localProgram,
        ServiceProfile("sglang", nil, key: "SGLANG_API_KEY", addresses: ["SGLANG_API_BASE"]).localProgram,
        ServiceProfile("llamacpp", nil, key: "LLAMACPP_API_KEY", addresses: ["LLAMACPP_BASE_URL"]).localProgram,
        ServiceProfile("openrouter", "https://openrouter.ai/api/v1", key: "OPENROUTER_API_KEY").listingWithoutKey,
        ServiceProfile("groq", "https://api.groq.com/openai/v1", key: "GROQ_API_KEY", adapting: [.reasoningContent]),
        ServiceProfile("together", "https://api.together.xyz/v1", key: "TOGETHER_API_KEY", adapting: [.maxTokens]),
        ServiceProfile(
            "fireworks", "https://api.fireworks.ai/inference/v1", key: "FIREWORKS_API_KEY", adapting: [.maxTokens]),
        ServiceProfile(
            "deepseek", "https://api.deepseek.com/v1", key: "DEEPSEEK_API_KEY", adapting: [.maxTokens, .strict]),
        ServiceProfile("xai", "https://api.x.ai/v1", key: "XAI_API_KEY"),
        ServiceProfile(
            "mistral", "https://api.mistral.ai/v1", key: "MISTRAL_API_KEY",
            adapting: [.maxTokens, .user, .streamOptions, .reasoningContent, .shortCallIDs]),
        ServiceProfile("zai", "https://api.z.ai/api/paas/v4", key: "ZAI_API_KEY", adapting: [.maxTokens]),
        ServiceProfile(
            "zai_coding", "https://api.z.ai/api/coding/paas/v4", key: "ZAI_CODING_API_KEY", adapting: [.maxTokens]),
        ServiceProfile(
            "minimax", "https://api.minimax.io/anthropic/v1", speaking: .anthropic, key: "MINIMAX_API_KEY",
            addresses: ["MINIMAX_BASE_URL"]),
        ServiceProfile("bedrock", nil, key: "BEDROCK_API_KEY", addresses: ["BEDROCK_BASE_URL"], adapting: [.maxTokens]),
        ServiceProfile("baseten", "https://inference.baseten.co/v1", key: "BASETEN_API_KEY"),
        ServiceProfile("cerebras", "https://api.cerebras.ai/v1", key: "CEREBRAS_API_KEY"),
        ServiceProfile("hugging-face", nil, addresses: ["HUGGINGFACE_BASE_URL"]).listingWithoutKey,
        ServiceProfile("openai_responses", OpenAIModelListing.officialBaseURL, speaking: .responses),
    ]
}
