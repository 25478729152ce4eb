import JSON
import LettaAPI
import Logging
import Storage

/// Creates keys for people and programs, and finds out what they allow.
///
/// A key is `<id>.<secret>`. The secret is shown once and stored as its hash.
struct APIKeyService: Sendable {
    let core: Core
    private let uses = APIKeyUses()

    init(core: Core) {
        self.core = core
    }

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
        try Self.check(name: body.name)
        let scopes = try Self.checked(scopes: body.scopes ?? [.read, .write])
        let now = core.now()
        if let expiry = body.expiresAt { try Self.check(expiry: expiry, now: now) }
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

    func update(_ id: ID<APIKey>, applying change: UpdateAPIKey, as scope: Scope) async throws -> APIKey {
        let now = core.now()
        var change = change
        if case .set(let name) = change.name { try Self.check(name: name) }
        if case .set(let scopes) = change.scopes { change.scopes = .set(try Self.checked(scopes: scopes)) }
        if case .set(let expiry) = change.expiresAt { try Self.check(expiry: expiry, now: now) }
        return try await core.storage.write(as: scope) { [change] db in
            guard var row = try db.fetch(APIKeyStore.table, id, locking: true) else {
                throw APIError.notFound("API key", id)
            }
            change.name.apply(to: &row.key.name)
            change.scopes.apply(to: &row.key.scopes)
            change.expiresAt.apply(to: &row.key.expiresAt)
            row.key.updatedAt = max(now, row.key.updatedAt)
            try db.update(row, in: APIKeyStore.table, keeping: ["last_used_at"])
            return row.key
        }
    }

    private static func check(name: String) throws {
        try KeyText.check("name", name)
        guard !name.isEmpty else {
            throw APIError.invalidField("name", "must not be empty", input: .string(name))
        }
    }

    private static func checked(scopes: [KeyScope]) throws -> [KeyScope] {
        guard !scopes.isEmpty else {
            throw APIError.invalidField("scopes", "needs one of read, write, admin, tools:run", input: .array([]))
        }
        return scopes.withoutDuplicates
    }

    private static func check(expiry: Timestamp, now: Timestamp) throws {
        guard expiry <= now else { return }
        throw APIError.invalidField("expires_at", "must be in the future", input: .string(expiry.wireText))
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
        await note(useOf: row.key)
        return (organization, row.key)
    }

    /// Stores that a key is used, once a minute: no request is refused because that fails.
    private func note(useOf key: APIKey) async {
        let now = core.now()
        guard uses.isDue(key, at: now) else { return }
        do {
            try await core.storage.write { db in
                try APIKeyStore.setLastUse(of: key.id, at: now, unlessAfter: APIKeyUses.previous(to: now), db)
            }
        } catch {
            core.logger.notice(
                "When a key was last used is not stored", metadata: ["key.id": "\(key.id)", "error": "\(error)"])
        }
    }
}
