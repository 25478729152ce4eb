import JSON
import LettaAPI
import Storage

/// Creates tokens for web pages, and finds out what they allow.
///
/// A token is `<id>.<secret>`. The secret is shown once and stored as its hash.
struct AccessTokenService: Sendable {
    let core: Core

    /// How long a token is valid when the request does not say.
    static let lifetime: Int64 = 300 * 1_000_000

    func create(_ body: CreateAccessToken, as scope: Scope) async throws -> AccessToken {
        guard let origin = Self.origin(of: body.hostname) else {
            throw APIError.invalidField(
                "hostname", "must be the address of a web page, such as https://example.org",
                input: .string(body.hostname))
        }
        guard !body.policy.isEmpty, body.policy.count <= 100 else {
            throw APIError.invalidField(
                "policy", "needs 1 to 100 agents", input: .int(Int64(body.policy.count)))
        }
        let now = core.now()
        let expiry = body.expiresAt ?? Timestamp(microseconds: now.microseconds + Self.lifetime)
        guard expiry > now else {
            throw APIError.invalidField("expires_at", "must be in the future", input: .string(expiry.wireText))
        }
        let secret = TokenSecret.random()
        let row = AccessTokenRow(
            id: core.ids.next(), secretHash: TokenSecret.hash(secret), hostname: body.hostname, origin: origin,
            policy: Document(AccessPolicy(body.policy)), expiresAt: expiry, userID: scope.user, createdAt: now,
            updatedAt: now)
        try await core.storage.write(as: scope) { db in
            let agents = body.policy.map(\.id).withoutDuplicates
            let found = Set(try db.fetch(AgentStore.table, agents).map(\.id))
            if let missing = agents.first(where: { !found.contains($0) }) { throw APIError.notFound("Agent", missing) }
            try db.insert(row, into: AccessTokenStore.table)
        }
        var token = try row.wire()
        token.token = "\(row.id).\(secret)"
        return token
    }

    func list(_ query: ListAccessTokens, as scope: Scope) async throws -> (list: AccessTokenList, next: String?) {
        let (offset, limit) = (query.offset ?? 0, query.limit ?? 10)
        guard offset >= 0, limit >= 0 else {
            throw APIError.invalidField(
                offset < 0 ? "offset" : "limit", "must not be negative", input: .int(Int64(min(offset, limit))),
                in: "query")
        }
        let now = core.now()
        let rows = try await core.storage.read(as: scope) { db in try AccessTokenStore.list(at: now, db) }
            .map { try $0.wire() }
            .filter { row in query.agentID.map { id in row.policy.data.contains { $0.id.rawValue == id } } ?? true }
            .dropFirst(offset)
        let hasMore = rows.count > limit
        return (
            AccessTokenList(Array(rows.prefix(limit)), hasNextPage: hasMore),
            hasMore && limit > 0 ? "\(offset + limit)" : nil
        )
    }

    func delete(_ token: String, as scope: Scope) async throws {
        let id = ID<AccessToken>(String(token.prefix { $0 != "." }))
        try await core.storage.write(as: scope) { db in
            guard try db.exists(id, in: AccessTokenStore.table) else {
                // Not what was sent: it may have the secret.
                throw APIError.notFound("Access token", id)
            }
            try db.delete(id, from: AccessTokenStore.table)
        }
    }

    // MARK: Using tokens

    /// The token of any organization; nil for none that is valid now.
    func find(_ token: String) async throws -> (organization: String, row: AccessTokenRow)? {
        let parts = token.split(separator: ".", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let id = ID<AccessToken>(String(parts[0]))
        guard let found = try await core.storage.read({ db in try AccessTokenStore.find(id, db) }),
            // Hashes of random secrets tell nothing by the time that their comparison takes.
            found.row.secretHash == TokenSecret.hash(String(parts[1])), found.row.expiresAt > core.now()
        else { return nil }
        return found
    }

    /// Whether a token is for this origin.
    func isOrigin(_ origin: String) async throws -> Bool {
        let now = core.now()
        return try await core.storage.read { db in try AccessTokenStore.isOrigin(origin, at: now, db) }
    }

    /// The agent that something belongs to.
    func owner(of id: String, in noun: AccessTokenStore.Noun, as scope: Scope) async throws -> ID<AgentState>? {
        try await core.storage.read(as: scope) { db in try AccessTokenStore.owner(of: id, in: noun, db) }
    }

    /// Whether the agent's block with this label is read-only.
    func isReadOnly(_ label: String, of agent: ID<AgentState>, as scope: Scope) async throws -> Bool {
        try await core.storage.read(as: scope) { db in
            guard let id = try AgentBlockStore.block(labelled: label, of: agent, db) else { return false }
            return try db.fetch(BlockStore.table, id)?.readOnly ?? false
        }
    }

    /// `https://example.org` of the address of a page, as browsers send it; nil for no such address.
    static func origin(of hostname: String) -> String? {
        let text = hostname.lowercased()
        guard text.utf8.count <= 512, let scheme = ["http://", "https://"].first(where: text.hasPrefix) else {
            return nil
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        let allowed = "abcdefghijklmnopqrstuvwxyz0123456789-.:[]"
        guard !authority.isEmpty, authority.allSatisfy({ allowed.contains($0) }) else { return nil }
        return scheme + authority
    }
}
