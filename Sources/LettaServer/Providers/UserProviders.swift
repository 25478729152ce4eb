import LettaAPI
import Logging
import ModelProviders
import Storage

/// The providers that users configured, as this process calls them.
///
/// What models there are is read from the database, so that a listing outlives its provider and a restart. The memory
/// holds per provider only what its calls need: the decrypted key, and the refresh of its listing. An entry goes when a
/// query finds that its row is gone, or when there are more than ``capacity`` and it was used least recently.
actor UserProviders {
    struct Entry {
        let organization: String
        let name: String
        /// The settings that the entry is made from, by the time of their last change.
        var version: Timestamp
        /// Greater than that of all entries used before.
        var lastUse: Int
        var provider: any ModelProvider
        /// Refreshes the listing in the database.
        var directory: ModelDirectory
    }

    private let core: Core
    private let secrets: SecretBox
    private let transport: ProviderTransport
    private let capacity: Int
    private(set) var entries: [ID<Provider>: Entry] = [:]
    private var uses = 0
    private var isClosed = false

    init(core: Core, secrets: SecretBox, transport: ProviderTransport, capacity: Int = 256) {
        self.capacity = capacity
        self.core = core
        self.secrets = secrets
        self.transport = transport
    }

    /// Measures the deadlines of calls.
    nonisolated var clock: any Clock<Duration> { core.clock }

    /// Cancels the refreshes under way and waits for them.
    func close() async {
        isClosed = true
        for entry in entries.values { await entry.directory.close() }
    }

    /// Forgets a deleted provider.
    func remove(_ id: ID<Provider>) async {
        await entries.removeValue(forKey: id)?.directory.close()
    }

    /// Forgets the providers of a deleted organization.
    func remove(of organization: ID<Organization>) async {
        await remove(unusedSince: uses) { $1.organization == organization.rawValue }
    }

    /// - Parameter start: the count of uses before the rows were read: an entry used since then may be of a newer row.
    private func remove(unusedSince start: Int, where isGone: (ID<Provider>, Entry) -> Bool) async {
        let gone = entries.filter { $0.value.lastUse <= start && isGone($0.key, $0.value) }
        for id in gone.keys { await remove(id) }
    }

    // MARK: Models

    /// The models that the providers listed last. Stale listings are refreshed in the background.
    func models(as scope: Scope) async throws -> [ModelDescription] {
        let start = uses
        let listings = try await core.storage.read(as: scope) { db in try ProviderStore.listings(db) }
        let ids = Set(listings.map(\.provider.id))
        await remove(unusedSince: start) { $1.organization == scope.organization && !ids.contains($0) }
        for (provider, _) in listings { await entry(of: provider, as: scope).directory.refreshStale() }
        return listings.flatMap(\.models)
    }

    /// The model that a handle names; nil when no user's provider has it. An unknown one refreshes its provider's listing,
    /// and waits for it; a language model that is not listed then either is asked for by calling it.
    ///
    /// - Parameter onlyListed: whether not to ask for what is not listed.
    func model(
        _ handle: String, _ type: ModelType, onlyListed: Bool = false, as scope: Scope
    ) async throws -> ModelDescription? {
        guard let slash = handle.firstIndex(of: "/") else { return nil }
        let name = String(handle[..<slash])
        let start = uses
        func listed() async throws -> (provider: ProviderRow, model: ModelDescription?)? {
            let listing = try await core.storage.read(as: scope) { db in
                try ProviderStore.listings(named: name, db).first
            }
            return listing.map { ($0, $1.first { $0.handle == handle && $0.modelType == type }) }
        }
        guard let (provider, model) = try await listed() else {
            await remove(unusedSince: start) { $1.organization == scope.organization && $1.name == name }
            return nil
        }
        let directory = await entry(of: provider, as: scope).directory
        if let model {
            await directory.refreshStale()
            return model
        }
        await directory.refreshDue()
        if let model = try await listed()?.model { return model }
        guard type == .llm, !onlyListed,
            var model = await directory.unlisted(String(handle[handle.index(after: slash)...]))
        else {
            return nil
        }
        model.handle = handle
        return model
    }

    // MARK: Providers

    /// The provider with a name, to be called. Waits for no listing.
    func provider(named name: String, as scope: Scope) async throws -> (any ModelProvider)? {
        let start = uses
        let row = try await core.storage.read(as: scope) { db in try ProviderStore.find(name, db) }
        guard let row else {
            await remove(unusedSince: start) { $1.organization == scope.organization && $1.name == name }
            return nil
        }
        let entry = await entry(of: row, as: scope)
        // A listing also tells the traits of the models.
        await entry.directory.refreshStale()
        return entry.provider
    }

    /// All providers of an organization, to be called; not more than ``capacity``.
    func all(as scope: Scope) async throws -> [any ModelProvider] {
        let listings = try await core.storage.read(as: scope) { db in try ProviderStore.listings(db) }
        var providers: [any ModelProvider] = []
        for (row, _) in listings.prefix(capacity) { providers.append(await entry(of: row, as: scope).provider) }
        return providers
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
        uses += 1
        entries[row.id]?.lastUse = uses
        let old = entries[row.id]
        // A reader that began before a change does not undo it.
        if let old, old.version >= row.updatedAt { return old }
        let provider = client(of: row)
        let directory = ModelDirectory(providers: [provider], clock: core.clock) { [weak self] result in
            await self?.store(result, of: row, as: scope)
        }
        let new = Entry(
            organization: row.organizationID, name: row.name, version: row.updatedAt, lastUse: uses, provider: provider,
            directory: directory)
        entries[row.id] = new
        if isClosed { await directory.close() }
        if entries.count > capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            await remove(oldest.key)
        }
        await old?.directory.close()
        return new
    }
}
