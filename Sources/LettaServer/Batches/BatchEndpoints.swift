import ModelProviders

/// The services whose own batch interface is used: where it costs less, and where somebody has said so.
package struct BatchEndpoints: Sendable, Equatable {
    private let addresses: Set<String>

    /// Those of OpenAI and Anthropic themselves.
    static let official = BatchEndpoints(
        ["openai", "anthropic"].compactMap { ServiceProfile.named($0)?.address })
    static let none = BatchEndpoints([])

    init(_ addresses: [String]) {
        self.addresses = Set(addresses.map(Self.normal))
    }

    func contains(_ settings: ProviderSettings) -> Bool {
        addresses.contains(Self.normal(settings.baseURL))
    }

    /// With and without `/v1` is the same address.
    private static func normal(_ address: String) -> String {
        var address = address.lowercased()
        while address.hasSuffix("/") { address.removeLast() }
        return address.hasSuffix("/v1") ? String(address.dropLast(3)) : address
    }

    /// In words, for those who look at the settings.
    var text: String { addresses.isEmpty ? "off" : addresses.sorted().joined(separator: ", ") }
}
