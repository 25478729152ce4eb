import LettaAPI
import ModelProviders

extension ModelReport {
    /// Adds what to set for an agent on the model.
    mutating func advise(_ model: ModelDescription) {
        guard isReached else { return }
        if model.modelType == .embedding {
            if let size = embeddingDimensions, let known = model.embeddingDimensions, size != known,
                !model.isGuessedDimensions
            {
                advice.append(
                    "Its vectors have \(size) numbers, not \(known): create agents and archives anew with it.")
            }
            return
        }
        if !isListed {
            advice.append(
                "The service does not list it. Set context_window_limit if its window is not \(contextWindow).")
        }
        if contextWindow < Self.smallWindow {
            advice.append(
                "A window of \(contextWindow) tokens is soon full. Run the model with a larger one if its service can.")
        }
        switch toolCalling {
        case .native?, nil: break
        case .text?: advice.append("It writes tool calls as text. They are run, but a larger model is more reliable.")
        case ModelReport.ToolCalling.none?:
            advice.append(
                "It called no tool. Use it for agents that only talk, or give agents with tools another model.")
        }
        if structuredOutput == false {
            advice.append("It does not follow a given JSON schema. A response_format is only a wish to it.")
        }
    }

    private static let smallWindow = 8_192
}

extension ServiceReport {
    /// What to set when a call fails.
    static func advice(on failure: ProviderFailure, _ settings: ProviderSettings) -> [String] {
        let profile = ServiceProfile.named(settings.service)
        let isBase = settings.category == .base
        let key = isBase ? profile?.keyVariable ?? "the key" : "the api_key of the provider '\(settings.name)'"
        let address =
            isBase
            ? profile?.addressVariables.first ?? "the address" : "the base_url of the provider '\(settings.name)'"
        switch failure.kind {
        case .authentication, .permissionDenied: return ["The service does not accept the key. Set \(key)."]
        case .insufficientCredits: return ["The account of the key has no credit."]
        case .connection, .cut, .timeout:
            return ["Check that the service runs at \(EgressAddress.shown(settings.baseURL)), or set \(address)."]
        case .notFound: return ["Check the name of the model, and \(address)."]
        default: return []
        }
    }
}
