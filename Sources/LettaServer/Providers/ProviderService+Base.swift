import LettaAPI
import ModelProviders

extension ProviderService {
    /// Lists the models of all providers now, all at once, and notes what fails.
    func refreshAll(as scope: Scope) async throws {
        let rows = try await core.storage.read(as: scope) { db in try ProviderStore.all(db) }
        await withDiscardingTaskGroup { [directory, providers] group in
            group.addTask { await directory.refresh() }
            for row in rows { group.addTask { await providers.refresh(row, as: scope) } }
        }
    }

    /// The providers of the environment, with the reason where one could not list its models the last time.
    func baseProviders(of organization: String) async -> [Provider] {
        let failing = Dictionary(
            await directory.failing.map { ($0.settings.name, $0.reason.message) },
            uniquingKeysWith: { first, _ in first })
        return directory.all.map(\.settings).compactMap { settings in
            // Local models are no provider of the API.
            guard let type = ProviderType(rawValue: settings.service), settings.name == settings.service else {
                return nil
            }
            var provider = Provider(
                id: type.baseID, name: settings.name, providerType: type, organizationID: organization,
                updatedAt: core.now())
            provider.providerCategory = .base
            provider.baseURL = settings.baseURL.isEmpty ? nil : settings.baseURL
            provider.apiVersion = settings.apiVersion
            provider.apiKeyEnc = settings.apiKey.map { _ in SealedSecret.mask }
            provider.lastError = failing[settings.name]
            return provider
        }
    }
}

extension ProviderType {
    /// The id of the base provider of this type, the same in every process.
    var baseID: ID<Provider> {
        // FNV-1a, of which 48 bits are enough for two dozen names.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash & 0xffff_ffff_ffff, radix: 16)
        return ID("provider-00000000-0000-4000-8000-\(String(repeating: "0", count: 12 - digits.count))\(digits)")
    }
}
