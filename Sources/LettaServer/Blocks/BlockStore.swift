import JSON
import LettaAPI
import Storage

/// Tables `block`, `block_tag` and `block_version`. Functions take an open transaction and do no waiting.
enum BlockStore {
    static func insert(_ block: BlockRow, tags: [String], _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO block (
                organization_id, id, project_id, template_id, base_template_id, deployment_id, entity_id, label, value,
                char_limit, description, metadata, read_only, hidden, is_template, template_name, preserve_on_migration,
                version, created_by_id, last_updated_by_id, created_at, updated_at)
            VALUES (
                \(db.organization), \(block.id), \(block.origin.projectID), \(block.origin.templateID),
                \(block.origin.baseTemplateID), \(block.origin.deploymentID), \(block.origin.entityID), \(block.label),
                \(block.value), \(block.limit), \(block.description), \(block.metadata), \(block.readOnly),
                \(block.hidden), \(block.isTemplate), \(block.templateName), \(block.preserveOnMigration),
                \(block.version), \(block.createdByID), \(block.lastUpdatedByID), \(block.createdAt),
                \(block.updatedAt))
            """)
        try replaceTags(of: block.id, with: tags, db)
        try insertVersion(of: block, by: .user(db.user), db)
    }

    /// Writes all fields of `block`, whose version has to be one above the stored one.
    ///
    /// - Returns: false when another change came first.
    static func update(_ block: BlockRow, by actor: BlockActor, _ db: Transaction) throws -> Bool {
        let changed = try db.execute(
            """
            UPDATE block SET
                project_id = \(block.origin.projectID), template_id = \(block.origin.templateID),
                base_template_id = \(block.origin.baseTemplateID), deployment_id = \(block.origin.deploymentID),
                entity_id = \(block.origin.entityID), label = \(block.label), value = \(block.value),
                char_limit = \(block.limit), description = \(block.description), metadata = \(block.metadata),
                read_only = \(block.readOnly), hidden = \(block.hidden), is_template = \(block.isTemplate),
                template_name = \(block.templateName), preserve_on_migration = \(block.preserveOnMigration),
                version = \(block.version), last_updated_by_id = \(block.lastUpdatedByID),
                updated_at = \(block.updatedAt)
            WHERE organization_id = \(db.organization) AND id = \(block.id) AND version = \(block.version - 1)
            """)
        guard changed == 1 else { return false }
        try insertVersion(of: block, by: actor, db)
        return true
    }

    static func replaceTags(of id: ID<Block>, with tags: [String], _ db: Transaction) throws {
        try db.execute("DELETE FROM block_tag WHERE organization_id = \(db.organization) AND block_id = \(id)")
        for (position, tag) in tags.withoutDuplicates.enumerated() {
            try db.execute(
                """
                INSERT INTO block_tag (organization_id, block_id, tag, position)
                VALUES (\(db.organization), \(id), \(tag), \(position))
                """)
        }
    }

    private static func insertVersion(of block: BlockRow, by actor: BlockActor, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO block_version (
                organization_id, block_id, version, label, value, char_limit, description, metadata, actor_type,
                actor_id, created_at)
            VALUES (
                \(db.organization), \(block.id), \(block.version), \(block.label), \(block.value), \(block.limit),
                \(block.description), \(block.metadata), \(actor.type), \(actor.id), \(block.updatedAt))
            """)
    }

    /// Deletes the block with its tags, versions and attachments, and keeps its place in lists.
    static func delete(_ block: BlockRow, _ db: Transaction) throws {
        try DeletedKeyStore.note(block.id.rawValue, createdAt: block.createdAt, updatedAt: block.updatedAt, db)
        try db.execute("DELETE FROM block WHERE organization_id = \(db.organization) AND id = \(block.id)")
    }

    static func row(_ id: ID<Block>, _ db: Transaction) throws -> BlockRow? {
        try db.row(
            "SELECT \(BlockRow.columns) FROM block WHERE organization_id = \(db.organization) AND id = \(id)"
        ).map { try BlockRow($0) }
    }

    /// The row, kept from changing under a transaction that means to change it.
    static func rowForUpdate(_ id: ID<Block>, _ db: Transaction) throws -> BlockRow? {
        try db.row(
            """
            SELECT \(BlockRow.columns) FROM block
            WHERE organization_id = \(db.organization) AND id = \(id) \(db.dialect.forUpdate)
            """
        ).map { try BlockRow($0) }
    }

    /// Several rows kept from changing; locked in the order of their ids, so that two who lock the same never wait
    /// for each other.
    static func rowsForUpdate(_ ids: [ID<Block>], _ db: Transaction) throws -> [ID<Block>: BlockRow] {
        guard !ids.isEmpty else { return [:] }
        let rows = try db.rows(
            """
            SELECT \(BlockRow.columns) FROM block
            WHERE organization_id = \(db.organization) AND id IN (\(list: ids))
            ORDER BY id \(db.dialect.forUpdate)
            """
        ).map { try BlockRow($0) }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    }

    /// The tags of each of the blocks, in the order given at their setting.
    static func tags(of ids: [ID<Block>], _ db: Transaction) throws -> [ID<Block>: [String]] {
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT block_id, tag FROM block_tag
                WHERE organization_id = \(db.organization) AND block_id IN (\(list: ids))
                ORDER BY block_id, position
                """)
        }
        var tags: [ID<Block>: [String]] = [:]
        for row in rows { tags[try row["block_id"], default: []].append(try row["tag"]) }
        return tags
    }

    /// The versions of a block below `bound`, newest first.
    static func versions(of id: ID<Block>, below bound: Int?, limit: Int, _ db: Transaction) throws -> [BlockVersion] {
        try db.rows(
            """
            SELECT version, label, value, char_limit, description, metadata, actor_type, actor_id, created_at
            FROM block_version
            WHERE organization_id = \(db.organization) AND block_id = \(id) AND version < \(bound ?? Int.max)
            ORDER BY version DESC LIMIT \(limit)
            """
        ).map { row in
            BlockVersion(
                version: try row["version"], label: try row["label"], value: try row["value"],
                limit: try row["char_limit"], description: try row["description"], metadata: try row["metadata"],
                actorType: try row["actor_type"], actorID: try row["actor_id"], createdAt: try row["created_at"])
        }
    }
}

/// Who changed a block.
enum BlockActor: Sendable {
    case user(String)
    case agent(ID<AgentState>)

    var type: String {
        switch self {
        case .user: "user"
        case .agent: "agent"
        }
    }

    var id: String {
        switch self {
        case .user(let id): id
        case .agent(let id): id.rawValue
        }
    }
}
