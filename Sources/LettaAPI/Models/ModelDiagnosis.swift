public import JSON

extension API.Models {
    public static let diagnose = Endpoint<NoPath, DiagnoseModel, NoBody, ModelDiagnosis>(
        .get, "/v1/models/doctor", "Tries the model services, or the model that a handle names, by calling them.")
}

/// What to try.
public struct DiagnoseModel: Codable, Sendable {
    /// Nil for a look at all services.
    public var handle: String?

    public init(handle: String? = nil) {
        self.handle = handle
    }
}

/// What works with the model services, and what to do about the rest.
public struct ModelDiagnosis: Codable, Sendable, JSONWritable {
    /// All services, or the one of the model.
    public var services: [ServiceReport]
    /// Nil when no handle was given, or no service has the model.
    public var model: ModelReport?

    public init(services: [ServiceReport]) {
        self.services = services
    }
}

/// Whether a model service answers.
public struct ServiceReport: Codable, Sendable, JSONWritable {
    public var providerName: String
    public var providerType: String
    public var providerCategory: String
    public var endpoint: String
    public var isReached: Bool
    /// The number of models that it lists.
    public var models: Int
    public var error: String?
    /// What to set.
    public var advice: [String]

    public init(
        providerName: String, providerType: String, providerCategory: String, endpoint: String, isReached: Bool,
        models: Int
    ) {
        self.providerName = providerName
        self.providerType = providerType
        self.providerCategory = providerCategory
        self.endpoint = endpoint
        self.isReached = isReached
        self.models = models
        advice = []
    }
}

/// What a model was found to do.
public struct ModelReport: Codable, Sendable, JSONWritable {
    public enum ToolCalling: String, Codable, Sendable, CaseIterable, JSONWritable {
        /// In the service's own format.
        case native
        /// As JSON in its text, which this server reads.
        case text
        case none
    }

    public var handle: String
    public var modelType: String
    public var endpointType: String
    /// Whether the service lists it.
    public var isListed: Bool
    /// Whether it answered.
    public var isReached: Bool
    public var error: String?
    /// In tokens.
    public var contextWindow: Int
    /// The default limit of an answer, in tokens.
    public var maxTokens: Int
    /// Nil when it was not found out.
    public var toolCalling: ToolCalling?
    /// Whether an answer followed a given JSON schema; nil when it was not found out.
    public var structuredOutput: Bool?
    /// Whether it gets a short prompt and few tools.
    public var isSmall: Bool
    /// Of an embedding model, as its vectors have them.
    public var embeddingDimensions: Int?
    /// From the request to the first token.
    public var firstTokenMilliseconds: Double?
    public var tokensPerSecond: Double?
    /// What the service was found to refuse; it is not sent to it any more.
    public var adaptations: [String]
    /// What to set.
    public var advice: [String]

    public init(handle: String, modelType: String, endpointType: String, contextWindow: Int, maxTokens: Int) {
        self.handle = handle
        self.modelType = modelType
        self.endpointType = endpointType
        self.contextWindow = contextWindow
        self.maxTokens = maxTokens
        isListed = false
        isReached = false
        isSmall = false
        adaptations = []
        advice = []
    }
}
