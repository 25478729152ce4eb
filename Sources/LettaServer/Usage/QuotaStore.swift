import JSON
import LettaAPI
import Storage

/// Table `quota`. Each row is of one agent, identity or key.
enum QuotaStore {
    static let table = Table<Quota>("quota", without: ["used": nil, "resets_at": nil])

    static func page(_ query: ListQuotas, _ db: Transaction) throws -> Page<Quota> {
        try db.page(
            table, query, defaultLimit: 50, order: .newestFirst,
            where: [
                query.agentID.map { "agent_id = \($0)" }, query.identityID.map { "identity_id = \($0)" },
                query.keyID.map { "key_id = \($0)" },
            ])
    }

    /// The quotas that limit a turn, locked until the transaction ends, so that two turns that share one are counted one
    /// after the other.
    static func limiting(_ subject: UsageSubject, _ db: Transaction) throws -> [Quota] {
        let conditions: [SQLText?] = [
            "agent_id = \(subject.agent)", subject.identity.map { "identity_id = \($0)" },
            subject.key.map { "key_id = \($0)" },
        ]
        return try db.fetchAll(
            table, where: "(\(SQLText.joined(conditions.compactMap { $0 }, separator: " OR ")))", orderBy: "id",
            locking: true)
    }

    /// The quota of the same agent, identity or key, locked.
    static func same(as quota: Quota, _ db: Transaction) throws -> Quota? {
        let condition: SQLText =
            if let agent = quota.agentID {
                "agent_id = \(agent)"
            } else if let identity = quota.identityID {
                "identity_id = \(identity)"
            } else {
                "key_id = \(quota.keyID)"
            }
        return try db.fetchAll(table, where: condition, locking: true).first
    }
}
