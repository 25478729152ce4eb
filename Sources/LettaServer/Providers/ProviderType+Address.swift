import LettaAPI
import ModelProviders

extension ProviderType {
    /// Nil for a service that this server can't talk to.
    private var profile: ServiceProfile? { ServiceProfile.named(rawValue) }

    /// Whether this server can talk to the service.
    var isSpoken: Bool { profile != nil }

    /// Whether the service lists its models to everybody, so that a listing proves nothing about a key.
    var listsWithoutKey: Bool { profile?.listsWithoutKey ?? false }

    /// Where the service is, unless a provider names another address; nil where none is known.
    var wellKnownAddress: String? { profile?.address }

    /// The address to call.
    ///
    /// - Parameter region: the one of Bedrock, whose addresses differ by it alone.
    func address(_ given: String?, region: String? = nil) -> String? {
        if self == .bedrock, given == nil, let region {
            let isName =
                !region.isEmpty
                && region.utf8.allSatisfy { byte in
                    (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
                }
            return isName ? "https://bedrock-runtime.\(region).amazonaws.com/openai/v1" : nil
        }
        return profile?.address(given) ?? given
    }

    var notSpoken: String {
        let spoken = Self.allCases.filter(\.isSpoken).map(\.rawValue).joined(separator: ", ")
        return "This server can't talk to providers of type \(rawValue) yet. It talks to: \(spoken)."
    }
}

extension ProviderRow {
    /// Nil where it is not known.
    var address: String? { providerType.address(baseURL, region: region) }

    /// How to reach the provider.
    func settings(key: String?) -> ProviderSettings {
        var settings = ProviderSettings(
            name: name, kind: ServiceProfile.named(providerType.rawValue)?.kind ?? .openAI,
            service: providerType.rawValue, baseURL: address ?? "",
            apiKey: key.flatMap { $0.isEmpty ? nil : Secret($0) }, category: .byok)
        settings.apiVersion = apiVersion
        return settings
    }
}
