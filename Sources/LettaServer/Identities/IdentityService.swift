import JSON
import LettaAPI
import Storage

/// The rules of identities: a key is unique in its project, and an identity is attached only to what exists.
struct IdentityService: Sendable {
    let core: Core

    func list(_ query: ListIdentities, as scope: Scope) async throws -> Page<Identity> {
        try KeyText.check("name", query.name, in: "query")
        return try await core.storage.read(as: scope) { db in
            let page = try IdentityStore.page(query, db)
            return page.replacing(with: try IdentityStore.complete(page.items.map(\.wire), db))
        }
    }

    func count(as scope: Scope) async throws -> Int {
        try await core.storage.read(as: scope) { db in try IdentityStore.count(db) }
    }

    func retrieve(_ id: ID<Identity>, as scope: Scope) async throws -> Identity {
        try await core.storage.read(as: scope) { db in try Self.complete(try Self.identity(id, db), db) }
    }

    func create(_ body: CreateIdentity, as scope: Scope) async throws -> Identity {
        try Self.check(body)
        let new = identity(body, as: scope)
        return try await core.storage.write(as: scope) { db in
            try Self.lock(agents: body.agentIDs, blocks: body.blockIDs, db)
            try Self.checkKeyIsFree(new.wire, db)
            return try Self.insert(new, body, db)
        }
    }

    /// Creates an identity, or replaces name, type and properties of the one with the same key.
    func upsert(_ body: CreateIdentity, as scope: Scope) async throws -> Identity {
        try Self.check(body)
        let new = identity(body, as: scope)
        return try await core.storage.write(as: scope) { db in
            try Self.lock(agents: body.agentIDs, blocks: body.blockIDs, db)
            guard var row = try IdentityStore.find(body.identifierKey, project: new.wire.projectID, db) else {
                return try Self.insert(new, body, db)
            }
            row.wire.name = body.name
            row.wire.identityType = body.identityType
            row.wire.properties = new.wire.properties
            row.updatedAt = max(new.updatedAt, row.updatedAt)
            try db.update(row, in: IdentityStore.table)
            try Self.replaceHolders(of: row.wire.id, agents: body.agentIDs, blocks: body.blockIDs, db)
            return try Self.complete(row, db)
        }
    }

    func update(_ id: ID<Identity>, applying change: UpdateIdentity, as scope: Scope) async throws -> Identity {
        try KeyText.check("identifier_key", change.identifierKey.value)
        try KeyText.check("name", change.name.value)
        try Self.check(change.properties.value)
        let (agents, blocks) = (change.agentIDs.value, change.blockIDs.value)
        return try await modify(id, agents: agents, blocks: blocks, as: scope) { row, db in
            let key = row.wire.identifierKey
            change.identifierKey.apply(to: &row.wire.identifierKey)
            change.name.apply(to: &row.wire.name)
            change.identityType.apply(to: &row.wire.identityType)
            change.properties.apply(to: &row.wire.properties)
            if row.wire.identifierKey != key { try Self.checkKeyIsFree(row.wire, db) }
        }
    }

    /// Sets properties by key; those with other keys remain.
    func set(_ properties: [IdentityProperty], of id: ID<Identity>, as scope: Scope) async throws -> Identity {
        try Self.check(properties)
        return try await modify(id, as: scope) { row, _ in
            for property in properties {
                if let index = row.wire.properties.firstIndex(where: { $0.key == property.key }) {
                    row.wire.properties[index] = property
                } else {
                    row.wire.properties.append(property)
                }
            }
        }
    }

    func delete(_ id: ID<Identity>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try Self.identity(id, locking: true, db)
            try db.delete(id, from: IdentityStore.table)
        }
    }

    // MARK: Agents and blocks

    func agents(of id: ID<Identity>, _ query: ListOfIdentity, as scope: Scope) async throws -> Page<AgentState> {
        let request = try PageRequest(query)
        return try await core.storage.read(as: scope) { db in
            _ = try Self.identity(id, db)
            let page = try AgentStore.page(request, where: IdentityStore.condition(id, of: .agents, db), db)
            return try AgentStateStore.states(of: page, with: AgentRelationSet(query.include ?? []), db)
        }
    }

    func blocks(of id: ID<Identity>, _ query: ListOfIdentity, as scope: Scope) async throws -> Page<Block> {
        try await core.storage.read(as: scope) { db in
            _ = try Self.identity(id, db)
            let page = try db.page(
                BlockStore.table, query, where: [IdentityStore.condition(id, of: .blocks, db)])
            let tags = try BlockStore.tags(of: page.items.map(\.id), db)
            return page.map { $0.wire(tags: tags[$0.id] ?? []) }
        }
    }

    func attach(_ id: ID<Identity>, to agent: ID<AgentState>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            try Self.lock(agent, db)
            _ = try Self.identity(id, locking: true, db)
            try IdentityStore.attach(id, to: .agents, agent, db)
        }
    }

    /// Does nothing when the identity is not attached.
    func detach(_ id: ID<Identity>, from agent: ID<AgentState>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            try Self.lock(agent, db)
            _ = try Self.identity(id, db)
            try IdentityStore.detach(id, from: .agents, agent, db)
        }
    }

    func attach(_ id: ID<Identity>, to block: ID<Block>, as scope: Scope) async throws -> Block {
        try await core.storage.write(as: scope) { db in
            let found = try Self.block(block, db)
            _ = try Self.identity(id, locking: true, db)
            try IdentityStore.attach(id, to: .blocks, block, db)
            return found
        }
    }

    func detach(_ id: ID<Identity>, from block: ID<Block>, as scope: Scope) async throws -> Block {
        try await core.storage.write(as: scope) { db in
            let found = try Self.block(block, db)
            _ = try Self.identity(id, db)
            try IdentityStore.detach(id, from: .blocks, block, db)
            return found
        }
    }
}

extension IdentityService {
    /// Replaces the identities of an agent, in the transaction that creates or changes it.
    ///
    /// - Returns: whether they changed.
    /// - Throws: `APIError` 404 when one of them does not exist.
    static func replaceIdentities(of agent: ID<AgentState>, with ids: [ID<Identity>], _ db: Transaction) throws -> Bool
    {
        let old = try IdentityStore.identities(of: [agent], db)[agent] ?? []
        guard Set(old.map(\.id)) != Set(ids) else { return false }
        try IdentityStore.detachAll(from: .agents, agent, db)
        let found = Set(try db.fetch(IdentityStore.table, ids, locking: true).map(\.wire.id))
        if let missing = ids.first(where: { !found.contains($0) }) { throw APIError.notFound("Identity", missing) }
        for id in ids { try IdentityStore.attach(id, to: .agents, agent, db) }
        return true
    }

    /// Locks an agent, so that it can't be deleted before the transaction ends.
    private static func lock(_ agent: ID<AgentState>, _ db: Transaction) throws {
        guard try AgentStore.rowForUpdate(agent, db) != nil else { throw APIError.notFound("Agent", agent) }
    }

    private static func block(_ id: ID<Block>, _ db: Transaction) throws -> Block {
        guard let block = try BlockStore.rowForUpdate(id, db) else { throw BlockService.missing(id) }
        return block.wire(tags: try BlockStore.tags(of: [id], db)[id] ?? [])
    }

    private static func identity(
        _ id: ID<Identity>, locking: Bool = false, _ db: Transaction
    ) throws -> Stored<Identity> {
        guard let row = try db.fetch(IdentityStore.table, id, locking: locking) else {
            throw APIError.notFound("Identity", id)
        }
        return row
    }

    private static func complete(_ row: Stored<Identity>, _ db: Transaction) throws -> Identity {
        try IdentityStore.complete([row.wire], db)[0]
    }

    private func identity(_ body: CreateIdentity, as scope: Scope) -> Stored<Identity> {
        var identity = Identity(
            id: core.ids.next(), identifierKey: body.identifierKey, name: body.name, identityType: body.identityType,
            organizationID: scope.organization)
        identity.projectID = body.projectID ?? scope.project
        identity.properties = body.properties ?? []
        return Stored(identity, at: core.now())
    }

    private static func insert(
        _ new: Stored<Identity>, _ body: CreateIdentity, _ db: Transaction
    ) throws -> Identity {
        try db.insert(new, into: IdentityStore.table)
        try replaceHolders(of: new.wire.id, agents: body.agentIDs, blocks: body.blockIDs, db)
        return try complete(new, db)
    }

    private func modify(
        _ id: ID<Identity>, agents: [ID<AgentState>]? = nil, blocks: [ID<Block>]? = nil, as scope: Scope,
        _ body: @escaping @Sendable (inout Stored<Identity>, Transaction) throws -> Void
    ) async throws -> Identity {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            try Self.lock(agents: agents, blocks: blocks, db)
            let old = try Self.identity(id, locking: true, db)
            var row = old
            try body(&row, db)
            if row.wire != old.wire {
                row.updatedAt = max(time, row.updatedAt)
                try db.update(row, in: IdentityStore.table)
            }
            try Self.replaceHolders(of: id, agents: agents, blocks: blocks, db)
            return try Self.complete(row, db)
        }
    }

    /// Locks what an identity is given to. Everywhere blocks are locked before agents, and agents before identities, so
    /// that transactions do not deadlock.
    ///
    /// - Throws: `APIError` 404 when one of them is not there.
    private static func lock(agents: [ID<AgentState>]?, blocks: [ID<Block>]?, _ db: Transaction) throws {
        let foundBlocks = Set(try db.fetch(BlockStore.table, blocks ?? [], locking: true).map(\.id))
        if let missing = blocks?.first(where: { !foundBlocks.contains($0) }) { throw BlockService.missing(missing) }
        let foundAgents = Set(try db.fetch(AgentStore.table, agents ?? [], locking: true).map(\.id))
        if let missing = agents?.first(where: { !foundAgents.contains($0) }) {
            throw APIError.notFound("Agent", missing)
        }
    }

    /// Replaces the identity's agents and blocks, which the caller has locked; nil leaves them as they are.
    private static func replaceHolders(
        of id: ID<Identity>, agents: [ID<AgentState>]?, blocks: [ID<Block>]?, _ db: Transaction
    ) throws {
        if let agents {
            try IdentityStore.detachAll(.agents, from: id, db)
            for agent in agents { try IdentityStore.attach(id, to: .agents, agent, db) }
        }
        if let blocks {
            try IdentityStore.detachAll(.blocks, from: id, db)
            for block in blocks { try IdentityStore.attach(id, to: .blocks, block, db) }
        }
    }

    private static func check(_ body: CreateIdentity) throws {
        try KeyText.check("identifier_key", body.identifierKey)
        try KeyText.check("name", body.name)
        try check(body.properties)
    }

    /// - Throws: `APIError` 422 for a duplicate key.
    private static func check(_ properties: [IdentityProperty]?) throws {
        let keys = (properties ?? []).map(\.key)
        guard keys.withoutDuplicates.count == keys.count else {
            throw APIError.invalidField(
                "properties", "each key may occur once", input: .array(keys.map { .string($0) }))
        }
    }

    private static func checkKeyIsFree(_ identity: Identity, _ db: Transaction) throws {
        let other = try IdentityStore.find(identity.identifierKey, project: identity.projectID, db)
        guard other == nil || other?.wire.id == identity.id else {
            throw APIError.conflict(
                """
                An identity with the identifier_key '\(identity.identifierKey)' exists already. Use another key, or \
                PUT /v1/identities/ to replace it.
                """)
        }
    }
}
