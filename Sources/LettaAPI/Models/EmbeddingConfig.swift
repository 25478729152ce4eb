public import JSON

/// How an agent's embedding model is called.
public struct EmbeddingConfig: Codable, Sendable, JSONWritable {
    public var embeddingEndpointType: String
    public var embeddingEndpoint: String?
    public var embeddingModel: String
    /// The number of dimensions of a vector.
    public var embeddingDim: Int
    /// In tokens.
    public var embeddingChunkSize: Int?
    public var handle: String?
    public var batchSize: Int
    public var azureEndpoint: String?
    public var azureVersion: String?
    public var azureDeployment: String?

    public init(embeddingEndpointType: String, embeddingModel: String, embeddingDim: Int) {
        self.embeddingEndpointType = embeddingEndpointType
        self.embeddingModel = embeddingModel
        self.embeddingDim = embeddingDim
        embeddingChunkSize = 300
        batchSize = 32
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        embeddingEndpointType = try fields.decode(String.self, forKey: .embeddingEndpointType)
        embeddingEndpoint = try fields.decodeIfPresent(String.self, forKey: .embeddingEndpoint)
        embeddingModel = try fields.decode(String.self, forKey: .embeddingModel)
        embeddingDim = try fields.decode(Int.self, forKey: .embeddingDim)
        embeddingChunkSize = try fields.decode(.embeddingChunkSize, or: 300)
        handle = try fields.decodeIfPresent(String.self, forKey: .handle)
        batchSize = try fields.decode(.batchSize, or: 32)
        azureEndpoint = try fields.decodeIfPresent(String.self, forKey: .azureEndpoint)
        azureVersion = try fields.decodeIfPresent(String.self, forKey: .azureVersion)
        azureDeployment = try fields.decodeIfPresent(String.self, forKey: .azureDeployment)
    }
}
