import JSON
import LettaAPI
import Storage

/// Tables `identity`, `agent_identity` and `block_identity`.
enum IdentityStore {
    static let table = Table<Stored<Identity>>("identity", without: ["agent_ids": [], "block_ids": []])

    /// What identities are attached to.
    enum Holder {
        case agents, blocks

        fileprivate var table: SQLText {
            switch self {
            case .agents: "agent_identity"
            case .blocks: "block_identity"
            }
        }

        fileprivate var column: SQLText {
            switch self {
            case .agents: "agent_id"
            case .blocks: "block_id"
            }
        }
    }

    static func page(_ query: ListIdentities, _ db: Transaction) throws -> Page<Stored<Identity>> {
        try db.page(
            table, query, defaultLimit: 50, order: .newestFirst,
            where: [
                query.name.map { db.dialect.contains("name", $0) },
                (query.projectID ?? db.project).map { "project_id = \($0)" },
                query.identifierKey.map { "identifier_key = \($0)" },
                query.identityType.map { "identity_type = \($0.rawValue)" },
            ])
    }

    static func count(_ db: Transaction) throws -> Int {
        try db.count(table, where: [db.project.map { "project_id = \($0)" }])
    }

    /// The identity with a key in a project, locked.
    static func find(_ key: String, project: String?, _ db: Transaction) throws -> Stored<Identity>? {
        try db.fetchAll(
            table, where: "identifier_key = \(key) AND COALESCE(project_id, '') = \(project ?? "")", locking: true
        ).first
    }

    /// The identity with an id or a key. Of several with the key in different projects, the one in `project`.
    static func find(named name: String, project: String?, _ db: Transaction) throws -> Identity? {
        if name.hasPrefix("\(Identity.idPrefix)-"), let row = try db.fetch(table, ID<Identity>(name)) {
            return row.wire
        }
        let all = try db.fetchAll(table, where: "identifier_key = \(name)")
        return (all.first { $0.wire.projectID == project } ?? (all.count == 1 ? all[0] : nil))?.wire
    }

    /// The names of identities by what they are named with, their ids or keys.
    static func names(of named: [String], _ db: Transaction) throws -> [String: String] {
        let rows = try named.inStatements { named in
            try db.rows(
                """
                SELECT id, identifier_key, name FROM identity
                WHERE organization_id = \(db.organization)
                    AND (id IN (\(list: named)) OR identifier_key IN (\(list: named)))
                """)
        }
        var names: [String: String] = [:]
        for row in rows {
            let name: String = try row["name"]
            for key in [try row["id"], try row["identifier_key"]] as [String] { names[key] = name }
        }
        return names
    }

    // MARK: Turns

    /// The blocks of an identity as the result rows that a turn reads.
    static func blockRows(of identity: ID<Identity>, _ db: Transaction) throws -> [SQLRow] {
        try db.rows(
            """
            SELECT \(BlockStore.table.columns) FROM block_identity AS held
            JOIN block ON block.organization_id = held.organization_id AND block.id = held.block_id
            WHERE held.organization_id = \(db.organization) AND held.identity_id = \(identity)
            ORDER BY block.created_at, block.id
            """)
    }

    /// Those of the blocks that identities have.
    static func held(among blocks: [ID<Block>], _ db: Transaction) throws -> Set<ID<Block>> {
        let rows = try blocks.inStatements { blocks in
            try db.rows(
                """
                SELECT DISTINCT block_id FROM block_identity
                WHERE organization_id = \(db.organization) AND block_id IN (\(list: blocks))
                """)
        }
        return Set(try rows.map { try $0["block_id"] })
    }

    static func isHeld(_ block: ID<Block>, _ db: Transaction) throws -> Bool {
        try !held(among: [block], db).isEmpty
    }

    /// Those of the words that are the name or the key of another identity.
    static func names(among words: [String], besides identity: ID<Identity>, _ db: Transaction) throws -> Set<String> {
        let rows = try words.inStatements { words in
            try db.rows(
                """
                SELECT name, identifier_key FROM identity
                WHERE organization_id = \(db.organization) AND id <> \(identity)
                    AND (name IN (\(list: words)) OR identifier_key IN (\(list: words)))
                """)
        }
        return try rows.reduce(into: Set<String>()) { names, row in
            let (name, key): (String, String) = (try row["name"], try row["identifier_key"])
            names.formUnion([name, key])
        }.intersection(words)
    }

    // MARK: Agents and blocks

    static func attach(_ identity: ID<Identity>, to holder: Holder, _ id: some SQLBindable, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO \(holder.table) (organization_id, \(holder.column), identity_id)
            VALUES (\(db.organization), \(id), \(identity)) ON CONFLICT DO NOTHING
            """)
    }

    static func detach(
        _ identity: ID<Identity>, from holder: Holder, _ id: some SQLBindable, _ db: Transaction
    ) throws {
        try db.execute(
            """
            DELETE FROM \(holder.table)
            WHERE organization_id = \(db.organization) AND \(holder.column) = \(id) AND identity_id = \(identity)
            """)
    }

    static func detachAll(_ holder: Holder, from identity: ID<Identity>, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM \(holder.table) WHERE organization_id = \(db.organization) AND identity_id = \(identity)")
    }

    static func detachAll(from holder: Holder, _ id: some SQLBindable, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM \(holder.table) WHERE organization_id = \(db.organization) AND \(holder.column) = \(id)")
    }

    /// The condition that a row of a list, an agent or a block, has the identity.
    static func condition(_ identity: ID<Identity>, of holder: Holder, _ db: Transaction) -> SQLText {
        """
        id IN (SELECT \(holder.column) FROM \(holder.table)
               WHERE organization_id = \(db.organization) AND identity_id = \(identity))
        """
    }

    /// The condition that a row of a list has an identity with one of the keys; nil without a key.
    static func condition(keys: [String]?, of holder: Holder, _ db: Transaction) -> SQLText? {
        guard let keys, !keys.isEmpty else { return nil }
        return """
            id IN (SELECT held.\(holder.column) FROM identity
                   JOIN \(holder.table) AS held
                       ON held.organization_id = identity.organization_id AND held.identity_id = identity.id
                   WHERE identity.organization_id = \(db.organization) AND identity.identifier_key IN (\(list: keys)))
            """
    }

    /// The condition that a row of a list has the identity with this id or key.
    static func condition(named name: String, of holder: Holder, _ db: Transaction) -> SQLText? {
        guard !name.hasPrefix("\(Identity.idPrefix)-") else { return condition(ID(name), of: holder, db) }
        return condition(keys: [name], of: holder, db)
    }

    /// The identities of each of the agents, oldest first.
    static func identities(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [Identity]] {
        let rows = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT held.agent_id, \(table.columns) FROM agent_identity AS held
                JOIN identity ON identity.organization_id = held.organization_id AND identity.id = held.identity_id
                WHERE held.organization_id = \(db.organization) AND held.agent_id IN (\(list: agents))
                ORDER BY held.agent_id, identity.created_at, identity.id
                """)
        }
        var identities: [ID<AgentState>: [Identity]] = [:]
        for row in rows { identities[try row["agent_id"], default: []].append(try table.row(row).wire) }
        return identities
    }

    /// The identities with the ids of their agents and blocks.
    static func complete(_ identities: [Identity], _ db: Transaction) throws -> [Identity] {
        let ids = identities.map(\.id)
        let agents: [ID<Identity>: [ID<AgentState>]] = try holders(.agents, of: ids, db)
        let blocks: [ID<Identity>: [ID<Block>]] = try holders(.blocks, of: ids, db)
        return identities.map { identity in
            var identity = identity
            identity.agentIDs = agents[identity.id] ?? []
            identity.blockIDs = blocks[identity.id] ?? []
            return identity
        }
    }

    private static func holders<Noun>(
        _ holder: Holder, of identities: [ID<Identity>], _ db: Transaction
    ) throws -> [ID<Identity>: [ID<Noun>]] {
        let rows = try identities.inStatements { identities in
            try db.rows(
                """
                SELECT identity_id, \(holder.column) AS holder_id FROM \(holder.table)
                WHERE organization_id = \(db.organization) AND identity_id IN (\(list: identities))
                ORDER BY identity_id, \(holder.column)
                """)
        }
        var ids: [ID<Identity>: [ID<Noun>]] = [:]
        for row in rows { ids[try row["identity_id"], default: []].append(try row["holder_id"]) }
        return ids
    }
}
