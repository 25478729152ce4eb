import FoundationEssentials
package import LettaAPI
package import Logging
import Storage

/// Creates, lists and deletes API keys from the command line. A server may run meanwhile.
package struct KeyAdministration: Sendable {
    private let storage: any StorageEngine
    private let keys: APIKeyService
    private let scope = Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)

    /// Passes `body` the keys of a database of this version.
    ///
    /// - Throws: `StartUpFailure` when there is no database, or one of another version.
    package static func open<Result: Sendable>(
        _ configuration: ServerConfiguration, logger: Logger, _ body: (KeyAdministration) async throws -> Result
    ) async throws -> Result {
        let isThere = FileManager.default.fileExists(atPath: DataFolder.database(in: configuration.data.folder))
        guard isThere || configuration.data.postgresURI != nil else {
            throw StartUpFailure.dataFolderUnusable(configuration.data.folder, reason: "there is no database in it")
        }
        let folder = try DataFolder(path: configuration.data.folder)
        let storage = try await ServerStorage.open(configuration, folder: folder, logger: logger)
        let result: Swift.Result<Result, any Error>
        do {
            let status = try await ServerStorage.migrator.status(of: storage)
            guard status.pending.isEmpty else {
                throw StartUpFailure.storage(
                    "The database has version \(status.current), this program needs \(status.latest). Start the server, or run letta-server migrate up."
                )
            }
            let core = Core(storage: storage, ids: .random, now: { .now }, clock: ContinuousClock(), logger: logger)
            result = .success(try await body(KeyAdministration(storage: storage, keys: APIKeyService(core: core))))
        } catch {
            result = .failure(error)
        }
        await storage.close()
        return try result.get()
    }

    package func create(
        name: String, scopes: [KeyScope], lastingDays days: Int?
    ) async throws -> NewAPIKey {
        var body = CreateAPIKey(name: name)
        body.scopes = scopes.isEmpty ? nil : scopes
        body.expiresAt = days.map { Timestamp(microseconds: Timestamp.now.microseconds + Int64($0) * 86_400_000_000) }
        return try await explained { try await keys.create(body, as: scope) }
    }

    package func list() async throws -> [APIKey] {
        try await explained {
            var query = ListAPIKeys()
            query.limit = 1_000
            return try await keys.list(query, as: scope).items
        }
    }

    package func delete(_ id: String) async throws {
        try await explained { try await keys.delete(ID(String(id.prefix { $0 != "." })), as: scope) }
    }

    /// What people are told of a refusal.
    private func explained<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as APIError {
            throw StartUpFailure.invalidSetting(error.explanation)
        }
    }
}
