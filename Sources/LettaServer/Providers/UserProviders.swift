import LettaAPI
import Logging
import ModelProviders
import Storage

/// The providers that users configured, as this process calls them.
///
/// What models there are is read from the database, so that a listing outlives its provider and a restart. The memory
/// holds per provider only what its calls need: the decrypted key, and the refresh of its listing.
actor UserProviders {
    private struct Entry {
        /// The settings that the entry is made from, by the time of their last change.
        var version: Timestamp
        var provider: any ModelProvider
        /// Refreshes the listing in the database.
        var directory: ModelDirectory
    }

    private let core: Core
    private let secrets: SecretBox
    private let transport: ProviderTransport
    private var entries: [ID<Provider>: Entry] = [:]
    private var isClosed = false

    init(core: Core, secrets: SecretBox, transport: ProviderTransport) {
        self.core = core
        self.secrets = secrets
        self.transport = transport
    }

    /// Cancels the refreshes under way and waits for them.
    func close() async {
        isClosed = true
        for entry in entries.values { await entry.directory.close() }
    }

    /// Forgets a deleted provider.
    func remove(_ id: ID<Provider>) async {
        await entries.removeValue(forKey: id)?.directory.close()
    }

    // MARK: Models

    /// The models that the providers listed last. Stale listings are refreshed in the background.
    func models(as scope: Scope) async throws -> [ModelDescription] {
        let listings = try await core.storage.read(as: scope) { db in try ProviderStore.listings(db) }
        for (provider, _) in listings { await entry(of: provider, as: scope).directory.refreshStale() }
        return listings.flatMap(\.models)
    }

    /// The model that a handle names; nil when no user's provider lists it. An unknown one refreshes its provider's
    /// listing, and waits for it.
    func model(_ handle: String, _ type: ModelType, as scope: Scope) async throws -> ModelDescription? {
        guard let slash = handle.firstIndex(of: "/") else { return nil }
        let name = String(handle[..<slash])
        func listed() async throws -> (provider: ProviderRow, model: ModelDescription?)? {
            let listing = try await core.storage.read(as: scope) { db in
                try ProviderStore.listings(named: name, db).first
            }
            return listing.map { ($0, $1.first { $0.handle == handle && $0.modelType == type }) }
        }
        guard let (provider, model) = try await listed() else { return nil }
        let directory = await entry(of: provider, as: scope).directory
        if let model {
            await directory.refreshStale()
            return model
        }
        await directory.refreshDue()
        return try await listed()?.model
    }

    // MARK: Providers

    /// The provider with a name, to be called. Waits for no listing.
    func provider(named name: String, as scope: Scope) async throws -> (any ModelProvider)? {
        let row = try await core.storage.read(as: scope) { db in try ProviderStore.find(name, db) }
        guard let row else { return nil }
        let entry = await entry(of: row, as: scope)
        // A listing also tells the traits of the models.
        await entry.directory.refreshStale()
        return entry.provider
    }

    /// Lists the models of a provider now.
    func refresh(_ provider: ProviderRow, as scope: Scope) async {
        await entry(of: provider, as: scope).directory.refresh()
    }

    /// A client of a provider with these keys; one that always fails where the provider can't be called.
    nonisolated func client(of row: ProviderRow) -> any ModelProvider {
        let column = ProviderRow.KeyColumn.apiKey
        do {
            let key = try row.sealedAPIKey.map { try secrets.open($0, for: column.place(of: row.id)) }
            return client(of: row, key: key)
        } catch {
            core.logger.error(
                "The key of a provider can't be decrypted",
                metadata: ["provider.name": "\(row.name)", "error": "\(error)"])
            return UnavailableProvider(
                settings: row.settings(key: nil),
                reason: "The key of the provider '\(row.name)' can't be decrypted. Send it again.")
        }
    }

    nonisolated func client(of row: ProviderRow, key: String?) -> any ModelProvider {
        let settings = row.settings(key: key)
        guard row.providerType.isSpoken else {
            return UnavailableProvider(settings: settings, reason: row.providerType.notSpoken)
        }
        do {
            // It may have been stored before it was forbidden.
            try checkAddress(settings.baseURL)
        } catch {
            return UnavailableProvider(
                settings: settings,
                reason: "The base_url \(EgressAddress.shown(settings.baseURL)) of the provider \(error.reason).")
        }
        return settings.client(transport: transport, clock: core.clock)
    }

    nonisolated func checkAddress(_ url: String) throws(EgressRefusal) {
        try transport.checkModelEndpoint(url)
    }

    /// Stores the outcome of a listing.
    nonisolated func store(
        _ result: Result<[ModelDescription], ProviderFailure>, of provider: ProviderRow, as scope: Scope
    ) async {
        let time = core.now()
        do {
            switch result {
            case .success(let models):
                try await core.storage.write(as: scope) { db in
                    try ProviderStore.setModels(models, of: provider, at: time, db)
                }
            case .failure(let failure) where failure.kind == .cancelled: break
            case .failure(let failure):
                try await core.storage.write(as: scope) { db in
                    try ProviderStore.setError(failure.message, of: provider, db)
                }
            }
        } catch {
            core.logger.error(
                "The models of a provider could not be stored",
                metadata: ["provider.name": "\(provider.name)", "error": "\(error)"])
        }
    }

    private func entry(of row: ProviderRow, as scope: Scope) async -> Entry {
        let old = entries[row.id]
        // A reader that began before a change does not undo it.
        if let old, old.version >= row.updatedAt { return old }
        let provider = client(of: row)
        let directory = ModelDirectory(providers: [provider], clock: core.clock) { [weak self] result in
            await self?.store(result, of: row, as: scope)
        }
        let new = Entry(version: row.updatedAt, provider: provider, directory: directory)
        entries[row.id] = new
        if isClosed { await directory.close() }
        await old?.directory.close()
        return new
    }
}
