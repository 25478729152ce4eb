import AsyncHTTPClient
import NIOHTTP1

/// Where the routes of a service with OpenAI's API are, and how it is told the key.
struct OpenAIAddresses: Sendable {
    let settings: ProviderSettings

    /// The version of Azure's API that the peer uses.
    private static let azureVersion = "2024-09-01-preview"
    /// The last version that lists deployments.
    private static let azureListingVersion = "2023-03-15-preview"

    private var isAzure: Bool { settings.kind == .azure }

    var models: String {
        guard isAzure, !isAzureV1 else { return base + "/models" }
        return "\(azureResource)/openai/deployments?api-version=\(Self.azureListingVersion)"
    }

    /// Of a route that is about no model.
    func path(_ path: String) -> String { base + path }

    /// - Parameter model: Azure has it in the path.
    func route(_ path: String, model: String) -> String {
        guard isAzure, !isAzureV1 else { return base + path }
        let version = PathText.encoded(settings.apiVersion ?? Self.azureVersion)
        return "\(azureResource)/openai/deployments/\(PathText.segments(model))\(path)?api-version=\(version)"
    }

    func authorize(_ request: inout HTTPClientRequest) {
        guard let key = settings.apiKey?.reveal() else { return }
        if isAzure {
            request.headers.add(name: "api-key", value: key)
        } else {
            request.headers.add(name: "authorization", value: "Bearer \(key)")
        }
    }

    /// A route beside `/v1`, such as llama-server's `/props`.
    func beside(_ path: String) -> String {
        (base.hasSuffix("/v1") ? String(base.dropLast(3)) : base) + path
    }

    /// Without the path of chat completions, which configurations of other programs have.
    private var base: String {
        let address = settings.baseURL
        for path in ["/chat/completions", "/responses"] where address.hasSuffix(path) {
            return String(address.dropLast(path.count))
        }
        return address
    }

    /// Azure's newer form, without versions and deployments in the path.
    private var isAzureV1: Bool { base.hasSuffix("/openai/v1") }

    /// The address up to the resource, also of a full address of a deployment.
    private var azureResource: String {
        let address = settings.baseURL
        guard let start = address.firstRange(of: "/openai")?.lowerBound else { return address }
        return String(address[..<start])
    }
}
