public import JSON

/// A model service that a user configured, with a key of their own.
public struct Provider: ListedResource, Codable, Sendable, Equatable, JSONWritable {
    public static let idPrefix = "provider"

    public var id: ID<Provider>
    /// What the handles of its models begin with; unique in an organization.
    public var name: String
    public var providerType: ProviderType
    public var providerCategory = ProviderCategory.byok
    /// Always null: see ``apiKeyEnc``.
    public var apiKey: String?
    /// Nil for the well-known address of the type.
    public var baseURL: String?
    /// Always null: see ``accessKeyEnc``.
    public var accessKey: String?
    public var region: String?
    public var apiVersion: String?
    public var organizationID: String
    public var updatedAt: Timestamp
    /// When its models were last listed.
    public var lastSynced: Timestamp?
    /// Why its models could not be listed the last time; nil when they were.
    public var lastError: String?
    /// A mask where there is a key.
    public var apiKeyEnc: String?
    /// A mask where there is a key.
    public var accessKeyEnc: String?

    public init(
        id: ID<Provider>, name: String, providerType: ProviderType, organizationID: String, updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.providerType = providerType
        self.organizationID = organizationID
        self.updatedAt = updatedAt
    }
}

/// The services that the API knows by name.
public enum ProviderType: String, Codable, Sendable, CaseIterable, JSONWritable {
    case anthropic, azure, baseten, bedrock, cerebras
    case chatgptOAuth = "chatgpt_oauth"
    case deepseek, fireworks
    case googleAI = "google_ai"
    case googleVertex = "google_vertex"
    case groq
    case huggingFace = "hugging-face"
    case letta
    case lmstudio = "lmstudio_openai"
    case minimax, mistral, ollama, openai, together, vllm, sglang, openrouter, xai, zai
    case zaiCoding = "zai_coding"
}

public struct CreateProvider: Codable, Sendable {
    public var name: String
    public var providerType: ProviderType
    /// Empty for a service that wants none.
    public var apiKey: String
    public var accessKey: String?
    public var region: String?
    public var baseURL: String?
    public var apiVersion: String?

    public init(name: String, providerType: ProviderType, apiKey: String) {
        self.name = name
        self.providerType = providerType
        self.apiKey = apiKey
    }
}

/// The changes a client may make to a provider. A field left out, and a key that is the mask, keeps its value.
public struct UpdateProvider: Codable, Sendable {
    public var apiKey: Patch<String> = .keep
    public var accessKey: Patch<String> = .keep
    public var region: Patch<String> = .keep
    public var baseURL: Patch<String> = .keep
    public var apiVersion: Patch<String> = .keep

    public init() {}
}

/// The settings of a provider to try out.
public struct CheckProvider: Codable, Sendable {
    public var providerType: ProviderType
    public var apiKey: String
    public var accessKey: String?
    public var region: String?
    public var baseURL: String?
    public var apiVersion: String?

    public init(providerType: ProviderType, apiKey: String) {
        self.providerType = providerType
        self.apiKey = apiKey
    }
}

public struct ListProviders: PageQuery {
    public var name: String?
    public var providerType: ProviderType?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

extension API {
    public enum Providers {
        public static let list = Endpoint<NoPath, ListProviders, NoBody, [Provider]>(
            .get, "/v1/providers/", "Lists the providers that users configured, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateProvider, Provider>(
            .post, "/v1/providers/", "Configures a provider and lists its models.")
        public static let check = Endpoint<NoPath, NoQuery, CheckProvider, MessageOutput>(
            .post, "/v1/providers/check", "Tries the settings of a provider without storing them.")
        public static let retrieve = Endpoint<ID<Provider>, NoQuery, NoBody, Provider>(
            .get, "/v1/providers/{provider_id}", "Retrieves a provider.")
        public static let update = Endpoint<ID<Provider>, NoQuery, UpdateProvider, Provider>(
            .patch, "/v1/providers/{provider_id}", "Changes the fields present in the body and lists the models again.")
        public static let delete = Endpoint<ID<Provider>, NoQuery, NoBody, MessageOutput>(
            .delete, "/v1/providers/{provider_id}", "Deletes a provider. Agents keep their model's description.")
        public static let checkExisting = Endpoint<ID<Provider>, NoQuery, NoBody, MessageOutput>(
            .post, "/v1/providers/{provider_id}/check", "Tries the stored settings of a provider.",
            aliases: ["/v1/providers/check-existing"])
        public static let refresh = Endpoint<ID<Provider>, NoQuery, NoBody, Provider>(
            .patch, "/v1/providers/{provider_id}/refresh", "Lists the models of a provider again.")
    }
}
