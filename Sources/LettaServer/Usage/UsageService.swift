import JSON
import LettaAPI
import Storage

/// Sums up usage, and keeps daily limits.
struct UsageService: Sendable {
    let core: Core

    func summary(_ query: SummarizeUsage, as scope: Scope) async throws -> UsageSummary {
        let limit = query.limit ?? 1_000
        guard (1...10_000).contains(limit) else {
            throw APIError.invalidField("limit", "must be 1 to 10000", input: .int(Int64(limit)), in: "query")
        }
        let now = core.now()
        let first = (query.startDate?.first ?? now.adding(days: -30)).utcDay
        let last = (query.endDate?.last ?? now).utcDay
        let (total, items) = try await core.storage.read(as: scope) { db in
            try UsageStore.summary(query, from: first, to: last, limit: limit, db)
        }
        return UsageSummary(
            startDate: first, endDate: last, total: total, items: Array(items.prefix(limit)),
            hasMore: items.count > limit)
    }

    // MARK: Limits

    func list(_ query: ListQuotas, as scope: Scope) async throws -> Page<Quota> {
        let now = core.now()
        return try await core.storage.read(as: scope) { db in
            let page = try QuotaStore.page(query, db)
            return page.replacing(with: try page.items.map { try Self.complete($0, at: now, db) })
        }
    }

    func retrieve(_ id: ID<Quota>, as scope: Scope) async throws -> Quota {
        let now = core.now()
        return try await core.storage.read(as: scope) { db in
            guard let quota = try db.fetch(QuotaStore.table, id) else { throw APIError.notFound("Quota", id) }
            return try Self.complete(quota, at: now, db)
        }
    }

    /// Replaces the limits of an agent, an identity or a key.
    func set(_ body: SetQuota, as scope: Scope) async throws -> Quota {
        try Self.check(body)
        let now = core.now()
        var new = Quota(id: core.ids.next(), at: now)
        new.agentID = body.agentID
        new.identityID = body.identityID
        new.keyID = body.keyID
        return try await core.storage.write(as: scope) { [new] db in
            try Self.checkSubject(of: new, db)
            var quota = try QuotaStore.same(as: new, db) ?? new
            quota.tokensPerDay = body.tokensPerDay
            quota.costPerDay = body.costPerDay
            quota.turnsPerDay = body.turnsPerDay
            quota.updatedAt = max(now, quota.updatedAt)
            if quota.id == new.id {
                try db.insert(quota, into: QuotaStore.table)
            } else {
                try db.update(quota, in: QuotaStore.table)
            }
            return try Self.complete(quota, at: now, db)
        }
    }

    func delete(_ id: ID<Quota>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            guard try db.exists(id, in: QuotaStore.table) else { throw APIError.notFound("Quota", id) }
            try db.delete(id, from: QuotaStore.table)
        }
    }

    private static func check(_ body: SetQuota) throws {
        let named = [body.agentID?.rawValue, body.identityID?.rawValue, body.keyID?.rawValue].compactMap { $0 }
        guard named.count == 1 else {
            throw APIError.invalidField(
                "agent_id", "name one of agent_id, identity_id and key_id", input: .array(named.map { .string($0) }))
        }
        guard body.tokensPerDay != nil || body.costPerDay != nil || body.turnsPerDay != nil else {
            throw APIError.invalidField(
                "tokens_per_day", "set tokens_per_day, cost_per_day or turns_per_day", input: .null)
        }
        for (field, limit) in [("tokens_per_day", body.tokensPerDay), ("turns_per_day", body.turnsPerDay)] {
            guard let limit, limit < 0 else { continue }
            throw APIError.invalidField(field, "must not be negative", input: .int(Int64(limit)))
        }
        if let cost = body.costPerDay, !(0...1_000_000_000).contains(cost) {
            throw APIError.invalidField(
                "cost_per_day", "must be an amount in US dollars from 0 to 1000000000", input: .double(cost))
        }
    }

    private static func checkSubject(of quota: Quota, _ db: Transaction) throws {
        if let agent = quota.agentID, try !AgentStore.exists(agent, db) { throw APIError.notFound("Agent", agent) }
        if let identity = quota.identityID, try !db.exists(identity, in: IdentityStore.table) {
            throw APIError.notFound("Identity", identity)
        }
        if let key = quota.keyID, try !db.exists(key, in: APIKeyStore.table) {
            throw APIError.notFound("API key", key)
        }
    }

    private static func complete(_ quota: Quota, at time: Timestamp, _ db: Transaction) throws -> Quota {
        var quota = quota
        quota.used = try UsageStore.used(by: quota, on: time.utcDay, db)
        quota.resetsAt = time.nextUTCDay
        return quota
    }
}
