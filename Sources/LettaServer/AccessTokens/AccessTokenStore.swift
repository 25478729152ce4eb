import LettaAPI
import Storage

/// A row of table `access_token`.
struct AccessTokenRow: Codable, Sendable {
    var id: ID<AccessToken>
    /// SHA-256 of the secret, in hexadecimal: the secret itself is random and long.
    var secretHash: String
    var hostname: String
    /// The host name as browsers send it.
    var origin: String
    var policy: Document<AccessPolicy>
    var expiresAt: Timestamp
    var userID: String
    var createdAt: Timestamp
    var updatedAt: Timestamp

    func wire() throws -> AccessToken {
        AccessToken(token: id.rawValue, hostname: hostname, expiresAt: expiresAt, policy: try policy.content())
    }
}

/// Table `access_token`.
enum AccessTokenStore {
    static let table = Table<AccessTokenRow>("access_token")

    /// The token of any organization.
    static func find(
        _ id: ID<AccessToken>, _ db: any SQLExecutor
    ) throws -> (organization: String, row: AccessTokenRow)? {
        try db.row("SELECT organization_id, \(table.columns) FROM access_token WHERE id = \(id)")
            .map { (try $0["organization_id"], try table.row($0)) }
    }

    /// Whether a token of any organization is for this origin.
    static func isOrigin(_ origin: String, at time: Timestamp, _ db: any SQLExecutor) throws -> Bool {
        try db.row("SELECT 1 FROM access_token WHERE origin = \(origin) AND expires_at > \(time) LIMIT 1") != nil
    }

    /// The tokens that have not expired, newest first.
    static func list(at time: Timestamp, _ db: Transaction) throws -> [AccessTokenRow] {
        try db.fetchAll(table, where: "expires_at > \(time)", orderBy: "created_at DESC, id DESC")
    }

    /// Deletes the tokens of all organizations that have expired, up to `limit` of them.
    ///
    /// - Returns: the number of rows.
    static func deleteExpired(before time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> Int {
        try db.execute(
            """
            DELETE FROM access_token WHERE id IN (
                SELECT id FROM access_token WHERE expires_at < \(time) LIMIT \(limit) \(db.dialect.forUpdateSkipLocked))
            """)
    }

    /// What belongs to an agent.
    enum Noun {
        case run, conversation, message

        fileprivate var table: SQLText {
            switch self {
            case .run: "run"
            case .conversation: "conversation"
            case .message: "message"
            }
        }
    }

    static func owner(of id: String, in noun: Noun, _ db: Transaction) throws -> ID<AgentState>? {
        try db.row(
            "SELECT agent_id FROM \(noun.table) WHERE organization_id = \(db.organization) AND id = \(id)"
        ).map { try $0["agent_id"] }
    }
}
