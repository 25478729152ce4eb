import Crypto
import FoundationEssentials
import LettaAPI
import ModelProviders
import Storage

/// Signs browsers in and out of the dashboard, so that none has to hold the password.
///
/// A token is random; the table holds a digest of it and of the password, so that a new password ends all sessions.
struct DashboardSessionService: Sendable {
    let core: Core
    /// Nil when none is set; then there are no sessions.
    let password: Secret?

    /// In seconds: how long a session is open after its last use, and at most.
    static let idle: Int64 = 12 * 3_600
    static let longest: Int64 = 7 * 24 * 3_600
    /// In seconds: how exactly the last use is known. Each change is a write.
    static let exactness: Int64 = 300

    /// - Returns: the session's token; nil when there is no password.
    /// - Throws: `APIError` 401 for a wrong password.
    func open(_ body: OpenDashboardSession, as scope: Scope) async throws -> (token: String?, session: DashboardSession)
    {
        guard let password else { return (nil, DashboardSession(requiresPassword: false, expiresAt: nil)) }
        guard Self.digest(password.reveal()) == Self.digest(body.password ?? "") else {
            throw APIError(401, "Unauthorized")
        }
        let token = SymmetricKey(size: .bits256).withUnsafeBytes { Self.hexadecimal($0) }
        let now = core.now()
        let row = DashboardSessionRow(id: key(of: token, password), createdAt: now, usedAt: now)
        try await core.storage.write(as: scope) { db in
            try DashboardSessionStore.deleteEnded(
                createdBefore: now.adding(-Self.longest), usedBefore: now.adding(-Self.idle), db)
            try db.insert(row, into: DashboardSessionStore.table)
        }
        return (token, DashboardSession(requiresPassword: true, expiresAt: Self.end(of: row)))
    }

    /// Whether the token is that of an open session, which this counts as used.
    func isOpen(_ token: String) async throws -> Bool {
        guard let row = try await find(token) else { return false }
        let now = core.now()
        if now > row.usedAt.adding(Self.exactness) {
            try await core.storage.write { db in try DashboardSessionStore.use(row.id, at: now, db) }
        }
        return true
    }

    func session(_ token: String?) async throws -> DashboardSession {
        var row: DashboardSessionRow?
        if let token { row = try await find(token) }
        return DashboardSession(requiresPassword: password != nil, expiresAt: row.map(Self.end))
    }

    func close(_ token: String?, everywhere: Bool, as scope: Scope) async throws {
        guard let password else { return }
        let id = token.map { key(of: $0, password) }
        try await core.storage.write(as: scope) { db in
            if everywhere { try DashboardSessionStore.deleteAll(db) }
            if let id { try DashboardSessionStore.delete(id, db) }
        }
    }

    private func find(_ token: String) async throws -> DashboardSessionRow? {
        guard let password else { return nil }
        let id = key(of: token, password)
        guard let row = try await core.storage.read({ db in try DashboardSessionStore.find(id, db) }),
            Self.end(of: row) > core.now()
        else { return nil }
        return row
    }

    private static func end(of row: DashboardSessionRow) -> Timestamp {
        min(row.usedAt.adding(idle), row.createdAt.adding(longest))
    }

    private func key(of token: String, _ password: Secret) -> String {
        Self.digest("\(token) \(password.reveal())").withUnsafeBytes { Self.hexadecimal($0) }
    }

    private static func digest(_ text: String) -> SHA256.Digest { SHA256.hash(data: Data(text.utf8)) }

    private static func hexadecimal(_ bytes: UnsafeRawBufferPointer) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension Timestamp {
    fileprivate func adding(_ seconds: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds + seconds * 1_000_000)
    }
}
