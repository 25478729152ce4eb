import LettaAPI
import Storage

/// A row of table `api_key`.
struct APIKeyRow: Codable, Sendable {
    var key: APIKey
    /// SHA-256 of the secret, in hexadecimal: the secret itself is random and long.
    var secretHash: String

    init(key: APIKey, secretHash: String) {
        self.key = key
        self.secretHash = secretHash
    }

    private enum CodingKeys: CodingKey {
        case secretHash
    }

    init(from decoder: any Decoder) throws {
        key = try APIKey(from: decoder)
        secretHash = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .secretHash)
    }

    func encode(to encoder: any Encoder) throws {
        try key.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(secretHash, forKey: .secretHash)
    }
}

/// Table `api_key`.
enum APIKeyStore {
    static let table = Table<APIKeyRow>("api_key")

    static func page(_ query: ListAPIKeys, _ db: Transaction) throws -> Page<APIKey> {
        try db.page(table, query, defaultLimit: 50, order: .newestFirst, where: []).map(\.key)
    }

    /// - Parameter earliest: a use that is stored since then is recent enough.
    static func setLastUse(
        of id: ID<APIKey>, at time: Timestamp, unlessAfter earliest: Timestamp, _ db: any SQLExecutor
    ) throws {
        try db.execute(
            """
            UPDATE api_key SET last_used_at = \(time)
            WHERE id = \(id) AND (last_used_at IS NULL OR last_used_at <= \(earliest))
            """)
    }

    /// The key of any organization whose user is still there.
    static func find(
        _ id: ID<APIKey>, _ db: any SQLExecutor
    ) throws -> (organization: String, row: APIKeyRow)? {
        try db.row(
            """
            SELECT api_key.organization_id AS owner, \(table.columns) FROM api_key
            JOIN user_account ON user_account.id = api_key.user_id
                AND user_account.organization_id = api_key.organization_id
            WHERE api_key.id = \(id)
            """
        ).map { (try $0["owner"], try table.row($0)) }
    }
}
