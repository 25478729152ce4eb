import Crypto
import EventStreams
import JSON
import LettaAPI
import Logging
import MCPClient
import ModelProviders
import Storage
import Synchronization

/// Authorizations of MCP servers with OAuth: a user's browser goes to the authorization server and comes back with a code,
/// which becomes tokens. They are encrypted, and belong to the URL that they were granted for.
struct MCPAuthorizationService: Sendable {
    let core: Core
    let secrets: SecretBox
    let egress: EgressClient
    let redirectURI: String
    private let returns = Returns()
    private let refreshing = KeyedFIFOLock<String>(queueLimit: 64)

    /// How long the user's browser may take.
    private static let patience = Duration.seconds(600)

    init(core: Core, secrets: SecretBox, egress: EgressClient, redirectURI: String) {
        self.core = core
        self.secrets = secrets
        self.egress = egress
        self.redirectURI = redirectURI
    }

    private var client: OAuthClient { OAuthClient(egress: egress, clock: core.clock) }
    private var seconds: Int64 { core.now().microseconds / 1_000_000 }

    // MARK: Tokens

    /// The token for a server, refreshed when it is about to expire; nil when there is none.
    ///
    /// - Throws: `MCPFailure`.
    func token(for server: String, as scope: Scope) async throws -> String? {
        guard let known = try await granted(for: server, as: scope) else { return nil }
        guard known.grant.isExpired(at: seconds) else { return known.grant.accessToken }
        // A refresh token is often good for one time.
        try await refreshing.lock(
            known.row.id, orElse: APIError.unavailable("The token of \(server) is being refreshed. Retry."))
        defer { refreshing.unlock(known.row.id) }
        guard var (row, grant) = try await granted(for: server, as: scope) else { return nil }
        guard grant.isExpired(at: seconds) else { return grant.accessToken }
        do {
            grant = try await client.refresh(grant, at: seconds)
        } catch let failure as MCPFailure where failure.kind == .unauthorized(challenge: nil) {
            // Without a token the server says itself that it wants authorization.
            core.logger.info("A token was not refreshed", metadata: ["error": "\(failure)"])
            return nil
        }
        row.sealedGrant = try seal(grant, row)
        row.updatedAt = max(core.now(), row.updatedAt)
        try await core.storage.write(as: scope) { [row] db in
            try db.update(row, in: MCPAuthorizationStore.table)
        }
        return grant.accessToken
    }

    private func granted(
        for server: String, as scope: Scope
    ) async throws -> (row: MCPAuthorizationRow, grant: OAuthGrant)? {
        let row = try await core.storage.read(as: scope) { db in try MCPAuthorizationStore.granted(for: server, db) }
        guard let row, let grant = grant(in: row) else { return nil }
        return (row, grant)
    }

    /// Nil for a grant that can't be read: then the user has to authorize again.
    private func grant(in row: MCPAuthorizationRow) -> OAuthGrant? {
        do {
            let text = try secrets.open(row.sealedGrant, for: row.place)
            return try JSONDecoding().decode(OAuthGrant.self, from: RawJSON(trusted: text).value())
        } catch {
            core.logger.error(
                "A stored authorization can't be read", metadata: ["id": "\(row.id)", "error": "\(error)"])
            return nil
        }
    }

    private func seal(_ grant: OAuthGrant, _ row: MCPAuthorizationRow) throws -> String {
        try secrets.seal(JSONWriter.string(of: grant), for: row.place)
    }

    // MARK: Authorizing

    /// Registers with the authorization server.
    ///
    /// - Returns: the id of the authorization, and where the user's browser has to go.
    /// - Throws: `MCPFailure`.
    func begin(_ server: String, challenge: String?, as scope: Scope) async throws -> (id: String, url: String) {
        let grant = try await client.begin(server, challenge: challenge, redirectURI: redirectURI)
        let (state, time) = (OAuthClient.random(), core.now())
        var row = MCPAuthorizationRow(
            id: "mcp_oauth-\(core.ids.uuid())", serverURL: server, stateDigest: Self.digest(state), status: .pending,
            sealedGrant: "", createdByID: scope.user, createdAt: time, updatedAt: time)
        row.sealedGrant = try seal(grant, row)
        let oldest = Timestamp(microseconds: time.microseconds - 2 * Self.patience.components.seconds * 1_000_000)
        try await core.storage.write(as: scope) { [row] db in
            try MCPAuthorizationStore.deleteOld(before: oldest, db)
            try db.insert(row, into: MCPAuthorizationStore.table)
        }
        return (row.id, OAuthClient.authorizationURL(grant, state: state))
    }

    /// Waits until the browser has come back.
    ///
    /// - Throws: `MCPFailure` when it does not, or comes back without tokens.
    func wait(for id: String, as scope: Scope) async throws {
        let latch = returns.latch(of: id)
        defer { returns.remove(id) }
        func status() async throws -> MCPAuthorizationRow.Status? {
            try await core.storage.read(as: scope) { db in try db.fetch(MCPAuthorizationStore.table, id)?.status }
        }
        // It may have come back before anybody waited.
        if try await status() == .pending {
            do {
                try await withDeadline(Self.patience, clock: core.clock) { try await latch.wait() }
            } catch is DeadlineExceeded {
                throw MCPFailure(
                    .timeout, "Nobody authorized this server within \(Self.patience.components.seconds) s.")
            }
        }
        guard try await status() == .granted else {
            throw MCPFailure(.unauthorized(challenge: nil), "The server was not authorized. Connect to it again.")
        }
    }

    /// Takes what a browser brings back, which comes without a password: the state names the authorization.
    ///
    /// - Returns: what the user reads.
    /// - Throws: `APIError` for a state that is not known, or is no longer.
    func finish(_ answer: MCPAuthorizationAnswer) async throws -> String {
        let digest = Self.digest(answer.state ?? "")
        // Anybody may come with any state: those of nobody are not worth a write.
        let isKnown = try await core.storage.read { db in try MCPAuthorizationStore.isKnown(stateDigest: digest, db) }
        let found =
            isKnown
            ? try await core.storage.write { db in try MCPAuthorizationStore.redeem(stateDigest: digest, db) } : nil
        guard let found,
            core.now().microseconds - found.row.createdAt.microseconds
                < Self.patience.components.seconds * 1_000_000
        else {
            throw APIError(
                400, "This authorization is not known, or was used already. Connect to the MCP server again.")
        }
        let scope = Scope(organization: found.organization, user: found.row.createdByID ?? "")
        var row = found.row
        row.stateDigest = nil
        row.status = .failed
        var failure: String?
        do {
            guard let code = answer.code, !code.isEmpty, let grant = grant(in: row) else {
                throw MCPFailure(
                    .unauthorized(challenge: nil),
                    "The authorization server gave no code: \(answer.error ?? "no reason").")
            }
            row.sealedGrant = try seal(try await client.redeem(code, for: grant, at: seconds), row)
            row.status = .granted
        } catch let error as MCPFailure {
            failure = error.message
        }
        row.updatedAt = max(core.now(), row.updatedAt)
        try await core.storage.write(as: scope) { [row] db in
            try db.update(row, in: MCPAuthorizationStore.table)
            if row.status == .granted { try MCPAuthorizationStore.deleteOthers(than: row, db) }
        }
        returns.latch(of: row.id).open()
        if let failure { throw APIError(400, failure) }
        return "The MCP server is authorized. You can close this window."
    }

    private static func digest(_ state: String) -> String {
        OAuthClient.base64URL(Array(SHA256.hash(data: Array(state.utf8))))
    }
}

/// Who waits for which browser.
private final class Returns: Sendable {
    private let latches = Mutex<[String: Latch]>([:])

    func latch(of id: String) -> Latch {
        latches.withLock { latches in
            if let latch = latches[id] { return latch }
            let latch = Latch()
            latches[id] = latch
            return latch
        }
    }

    func remove(_ id: String) { latches.withLock { $0[id] = nil } }
}
