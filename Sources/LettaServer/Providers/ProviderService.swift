import AgentEngine
import EventStreams
import JSON
import LettaAPI
import ModelProviders
import Storage

/// The rules of providers: a name is unique and no base provider's, keys are write-only, and a stored key is sent to no
/// other address than the one it was given for.
struct ProviderService: Sendable {
    let core: Core
    let secrets: SecretBox
    /// The base providers.
    let directory: ModelDirectory
    let providers: UserProviders

    /// For listing models to check a provider.
    static let checkDeadline = Duration.seconds(10)

    /// The providers of users, behind the base providers that fail: those have no other place to say so.
    func list(_ query: ListProviders, as scope: Scope) async throws -> Page<Provider> {
        var page = try await core.storage.read(as: scope) { db in try ProviderStore.page(query, db).map(\.wire) }
        guard query.before == nil, query.after == nil else { return page }
        page.items =
            await baseProviders(of: scope.organization).filter { provider in
                provider.lastError != nil && query.name.map { $0 == provider.name } ?? true
                    && query.providerType.map { $0 == provider.providerType } ?? true
            } + page.items
        return page
    }

    func retrieve(_ id: ID<Provider>, as scope: Scope) async throws -> Provider {
        do {
            return try await row(id, as: scope).wire
        } catch {
            let base = await baseProviders(of: scope.organization).first { $0.id == id }
            guard let base else { throw error }
            return base
        }
    }

    func create(_ body: CreateProvider, as scope: Scope) async throws -> Provider {
        try checkName(body.name)
        let time = core.now()
        var row = ProviderRow(
            id: core.ids.next(), organizationID: scope.organization, name: body.name, providerType: body.providerType,
            createdAt: time, updatedAt: time)
        row.region = body.region
        row.apiVersion = body.apiVersion
        row.baseURL = body.baseURL
        row.sealedAPIKey = try seal(.set(body.apiKey), keeping: nil, in: .apiKey, of: row.id)
        row.sealedAccessKey = try seal(.set(body.accessKey ?? ""), keeping: nil, in: .accessKey, of: row.id)
        try checkAddress(row)
        try await core.storage.write(as: scope) { [row] db in
            guard try ProviderStore.find(row.name, db) == nil else {
                throw APIError.conflict("A provider named '\(row.name)' exists already. Use another name.")
            }
            try db.insert(row, into: ProviderStore.table)
        }
        return try await refreshed(row, as: scope)
    }

    func update(_ id: ID<Provider>, applying change: UpdateProvider, as scope: Scope) async throws -> Provider {
        let time = core.now()
        let changed = try await core.storage.write(as: scope) { db -> ProviderRow? in
            guard let old = try db.fetch(ProviderStore.table, id, locking: true) else { throw Self.missing(id) }
            var row = old
            change.region.apply(to: &row.region)
            change.apiVersion.apply(to: &row.apiVersion)
            change.baseURL.apply(to: &row.baseURL)
            row.sealedAPIKey = try seal(change.apiKey, keeping: old.sealedAPIKey, in: .apiKey, of: id)
            row.sealedAccessKey = try seal(change.accessKey, keeping: old.sealedAccessKey, in: .accessKey, of: id)
            guard row != old else { return nil }
            try checkAddress(row)
            if change.apiKey.keepsSecret { try Self.checkKeyStays(row, old) }
            row.updatedAt = max(time, Timestamp(microseconds: old.updatedAt.microseconds + 1))
            try db.update(row, in: ProviderStore.table, keeping: ["last_synced", "last_error"])
            return row
        }
        guard let changed else { return try await retrieve(id, as: scope) }
        return try await refreshed(changed, as: scope)
    }

    /// Agents keep their model's description: their turns fail with the reason until they get another model, or a
    /// provider of that name.
    func delete(_ id: ID<Provider>, as scope: Scope) async throws -> MessageOutput {
        try await core.storage.write(as: scope) { db in
            guard try db.fetch(ProviderStore.table, id, locking: true) != nil else { throw Self.missing(id) }
            try db.delete(id, from: ProviderStore.table)
        }
        await providers.remove(id)
        return MessageOutput("Provider id=\(id) successfully deleted")
    }

    func refresh(_ id: ID<Provider>, as scope: Scope) async throws -> Provider {
        try await refreshed(try await row(id, as: scope), as: scope)
    }

    // MARK: Checks

    func check(_ body: CheckProvider) async throws -> MessageOutput {
        try Self.checkKey(body.apiKey, "api_key")
        let time = core.now()
        var row = ProviderRow(
            id: core.ids.next(), organizationID: "", name: body.providerType.rawValue, providerType: body.providerType,
            createdAt: time, updatedAt: time)
        row.baseURL = body.baseURL
        row.region = body.region
        row.apiVersion = body.apiVersion
        try checkAddress(row)
        return try Self.verdict(await listing(of: providers.client(of: row, key: body.apiKey)), on: body.providerType)
    }

    func check(_ id: ID<Provider>, as scope: Scope) async throws -> MessageOutput {
        let row = try await row(id, as: scope)
        let result = await listing(of: providers.client(of: row))
        await providers.store(result, of: row, as: scope)
        return try Self.verdict(result, on: row.providerType)
    }

    private func listing(of provider: any ModelProvider) async -> Result<[ModelDescription], ProviderFailure> {
        do {
            return .success(
                try await withDeadline(Self.checkDeadline, clock: core.clock) { try await provider.listModels() })
        } catch let failure as ProviderFailure {
            return .failure(failure)
        } catch is DeadlineExceeded {
            return .failure(
                ProviderFailure(
                    .timeout, message: "The provider did not list its models within \(Self.checkDeadline)."))
        } catch {
            return .failure(ProviderFailure(.cancelled, message: "The request was cancelled."))
        }
    }

    /// - Throws: `APIError` that says why the provider can't be used.
    private static func verdict(
        _ result: Result<[ModelDescription], ProviderFailure>, on type: ProviderType
    ) throws -> MessageOutput {
        guard type.isSpoken else { throw APIError(400, type.notSpoken) }
        if case .failure(let failure) = result { throw APIError(TurnFailure(failure)) }
        return MessageOutput(
            type.listsWithoutKey
                ? """
                provider_type=\(type.rawValue) answers. The api key is not checked: this service lists its models \
                without one.
                """ : "Valid api key for provider_type=\(type.rawValue)")
    }

    // MARK: Rules

    private func row(_ id: ID<Provider>, as scope: Scope) async throws -> ProviderRow {
        try await core.storage.read(as: scope) { db in
            guard let row = try db.fetch(ProviderStore.table, id) else { throw Self.missing(id) }
            return row
        }
    }

    /// Lists the models of a provider, and returns it with the outcome.
    private func refreshed(_ row: ProviderRow, as scope: Scope) async throws -> Provider {
        await providers.refresh(row, as: scope)
        return try await retrieve(row.id, as: scope)
    }

    private static func missing(_ id: ID<Provider>) -> APIError {
        guard !ProviderType.allCases.contains(where: { $0.baseID == id }) else {
            return APIError(
                400, "Provider \(id) is a base provider: it is set by environment variables and by nothing else.")
        }
        return .notFound("Provider", id)
    }

    private func checkName(_ name: String) throws {
        try KeyText.check("name", name)
        guard !name.isEmpty, !name.contains("/"), !name.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw APIError.invalidField(
                "name", "a name begins the handles of its models: it may not be empty and may not contain a slash",
                input: .string(name))
        }
        let base = directory.provider { $0.settings.name == name || $0.handlePrefixes.contains(name) }
        guard base == nil else {
            throw APIError(
                400, "Provider name '\(name)' conflicts with an existing base provider. Please choose a different name."
            )
        }
    }

    private func checkAddress(_ row: ProviderRow) throws {
        guard let url = row.baseURL else {
            guard row.providerType.isSpoken, row.address == nil else { return }
            throw APIError.invalidField(
                "base_url",
                """
                this server knows no address of providers of type \(row.providerType.rawValue): send \
                \(row.providerType == .bedrock ? "one, or a region" : "one")
                """, input: .null)
        }
        do {
            try providers.checkAddress(row.settings(key: nil).baseURL)
        } catch {
            throw APIError.invalidField("base_url", error.reason, input: .string(EgressAddress.shown(url)))
        }
        guard !url.contains("?"), !url.contains("#") else {
            throw APIError.invalidField(
                "base_url", "must end before a query: paths are appended to it",
                input: .string(EgressAddress.shown(url)))
        }
    }

    /// A key can't be read back; with another address, the next listing would send it there.
    private static func checkKeyStays(_ new: ProviderRow, _ old: ProviderRow) throws {
        guard new.address != old.address, old.sealedAPIKey != nil else { return }
        throw APIError.invalidField(
            new.baseURL == old.baseURL ? "region" : "base_url",
            "another address needs the api_key in the same request: the stored one is not sent to it",
            input: new.baseURL.map { .string($0) } ?? .null)
    }

    /// The error never shows the key.
    private static func checkKey(_ key: String, _ field: String) throws {
        guard key.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw APIError.invalidField(
                field, "a key may only contain printable ASCII characters and no space", input: .null)
        }
    }

    private func seal(
        _ change: Patch<String>, keeping old: String?, in column: ProviderRow.KeyColumn, of id: ID<Provider>
    ) throws -> String? {
        let field = column == .apiKey ? "api_key" : "access_key"
        if let key = change.value { try Self.checkKey(key, field) }
        return try secrets.seal(change, for: column.place(of: id), keeping: old, field: field)
    }
}
