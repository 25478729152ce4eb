import Configuration
import ModelProviders

extension ServerConfiguration {
    /// A model service whose key or address is set in the environment; nil where neither is.
    static func service(_ profile: ServiceProfile, _ environment: ConfigReader) throws -> ProviderSettings? {
        func text(_ variable: String) -> String? {
            environment.string(forKey: setting(variable)).flatMap { $0.isEmpty ? nil : $0 }
        }
        let key = profile.keyVariable.flatMap { secret(setting($0), environment) }
        let address = profile.addressVariables.lazy.compactMap { name in text(name).map { (name, $0) } }.first
        guard key != nil || address != nil else { return nil }
        if let (name, url) = address {
            do {
                _ = try EgressAddress(url)
            } catch {
                throw StartUpFailure.invalidSetting("\(name) is '\(EgressAddress.shown(url))'; it \(error.reason).")
            }
        }
        var settings = profile.settings(address: address?.1, key: key)
        if profile.type == "azure" { settings.apiVersion = text("AZURE_API_VERSION") }
        return settings
    }

    /// The services whose batches are used: the known ones, those that are named, or none.
    static func batchEndpoints(_ environment: ConfigReader) throws -> BatchEndpoints {
        let addresses = list(environment.string(forKey: "letta.batch.endpoints"))
        guard !addresses.isEmpty else { return .official }
        if addresses == ["off"] { return .none }
        for address in addresses {
            do {
                _ = try EgressAddress(address)
            } catch {
                throw StartUpFailure.invalidSetting(
                    "LETTA_BATCH_ENDPOINTS names '\(EgressAddress.shown(address))'; it \(error.reason).")
            }
        }
        return BatchEndpoints(addresses)
    }

    private static func setting(_ variable: String) -> ConfigKey {
        ConfigKey(variable.lowercased().replacing("_", with: "."))
    }

    /// The clients of the services. One without an address fails with what to set, when it is called.
    func clients(transport: ProviderTransport) -> [any ModelProvider] {
        services.map { settings in
            guard settings.baseURL.isEmpty else { return settings.client(transport: transport) }
            let profile = ServiceProfile.named(settings.service)
            return UnavailableProvider(
                settings: settings,
                reason: """
                    \(profile?.keyVariable ?? "") is set, but not the address of the service. Set \
                    \(profile?.addressVariables.first ?? "") and restart the server.
                    """)
        }
    }
}
