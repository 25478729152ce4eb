import JSON
import LettaAPI
import Storage

/// Creates keys for people and programs, and finds out what they allow.
///
/// A key is `<id>.<secret>`. The secret is shown once and stored as its hash.
struct APIKeyService: Sendable {
    let core: Core

    func list(_ query: ListAPIKeys, as scope: Scope) async throws -> Page<APIKey> {
        try await core.storage.read(as: scope) { db in try APIKeyStore.page(query, db) }
    }

    func retrieve(_ id: ID<APIKey>, as scope: Scope) async throws -> APIKey {
        try await core.storage.read(as: scope) { db in
            guard let row = try db.fetch(APIKeyStore.table, id) else { throw APIError.notFound("API key", id) }
            return row.key
        }
    }

    func create(_ body: CreateAPIKey, as scope: Scope) async throws -> NewAPIKey {
        try KeyText.check("name", body.name)
        guard !body.name.isEmpty else {
            throw APIError.invalidField("name", "must not be empty", input: .string(body.name))
        }
        let scopes = (body.scopes ?? [.read, .write]).withoutDuplicates
        guard !scopes.isEmpty else {
            throw APIError.invalidField("scopes", "needs one of read, write, admin, tools:run", input: .array([]))
        }
        let now = core.now()
        if let expiry = body.expiresAt, expiry <= now {
            throw APIError.invalidField("expires_at", "must be in the future", input: .string(expiry.wireText))
        }
        var key = APIKey(
            id: core.ids.next(), name: body.name, scopes: scopes, userID: body.userID ?? core.ids.next(),
            createdByID: scope.user, at: now)
        key.expiresAt = body.expiresAt
        let secret = TokenSecret.random()
        try await core.storage.write(as: scope) { [key] db in
            if let user = body.userID {
                guard try AccountStore.user(user, db)?.organizationID.rawValue == db.organization else {
                    throw APIError.notFound("User", user)
                }
            } else {
                try AccountStore.insert(
                    User(id: key.userID, organizationID: ID(db.organization), name: key.name, createdAt: now), db)
            }
            try db.insert(APIKeyRow(key: key, secretHash: TokenSecret.hash(secret)), into: APIKeyStore.table)
        }
        return NewAPIKey(key: "\(key.id).\(secret)", details: key)
    }

    /// The user of the key stays: what was made with it names that user.
    func delete(_ id: ID<APIKey>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            guard try db.exists(id, in: APIKeyStore.table) else { throw APIError.notFound("API key", id) }
            try db.delete(id, from: APIKeyStore.table)
        }
    }

    /// The key with this text, of any organization; nil for none that is valid now.
    func find(_ text: String) async throws -> (organization: String, key: APIKey)? {
        let parts = text.split(separator: ".", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let id = ID<APIKey>(String(parts[0]))
        guard let (organization, row) = try await core.storage.read({ db in try APIKeyStore.find(id, db) }),
            // Hashes of random secrets tell nothing by the time that their comparison takes.
            row.secretHash == TokenSecret.hash(String(parts[1])), row.key.expiresAt.map({ $0 > core.now() }) ?? true
        else { return nil }
        return (organization, row.key)
    }
}
