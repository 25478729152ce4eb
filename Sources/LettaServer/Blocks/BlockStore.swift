import JSON
import LettaAPI
import Storage

/// Tables `block`, `block_tag` and `block_version`. The functions take an open transaction and never wait.
enum BlockStore {
    static let table = Table<BlockRow>("block", renaming: ["limit": "char_limit"], without: ["tags": []])

    static func insert(_ block: BlockRow, tags: [String], _ db: Transaction) throws {
        try db.insert(block, into: table)
        try TagStore.replaceTags(of: block.id, owner: "block", with: tags, db)
        try insertVersion(of: block, by: .user(db.user), db)
    }

    /// Writes all fields of `block`, whose version must be one above the stored one.
    ///
    /// - Returns: false when another change was written first.
    static func update(_ block: BlockRow, by actor: BlockActor, _ db: Transaction) throws -> Bool {
        guard try db.update(block, in: table, where: "version = \(block.version - 1)") else { return false }
        try insertVersion(of: block, by: actor, db)
        return true
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

    /// Deletes the block with its tags, versions and attachments.
    static func delete(_ block: BlockRow, _ db: Transaction) throws {
        try db.delete(block.id, from: table)
    }

    static func row(_ id: ID<Block>, _ db: Transaction) throws -> BlockRow? {
        try db.fetch(table, id)
    }

    static func rowForUpdate(_ id: ID<Block>, _ db: Transaction) throws -> BlockRow? {
        try db.fetch(table, id, locking: true)
    }

    static func rowsForUpdate(_ ids: [ID<Block>], _ db: Transaction) throws -> [ID<Block>: BlockRow] {
        let rows = try db.fetch(table, ids, locking: true)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    }

    static func tags(of ids: [ID<Block>], _ db: Transaction) throws -> [ID<Block>: [String]] {
        try TagStore.tags(of: ids, owner: "block", db)
    }

    private static let versions = Table<BlockVersion>("block_version", renaming: ["limit": "char_limit"])

    /// A page of the versions of a block, newest first.
    static func versions(of id: ID<Block>, _ query: ListBlockHistory, _ db: Transaction) throws -> Page<BlockVersion> {
        let request = try PageRequest(limit: query.limit, defaultLimit: 50)
        let limit: SQLText = request.limit.map { " LIMIT \($0)" } ?? ""
        let rows = try db.fetchAll(
            versions, where: "block_id = \(id) AND version < \(query.beforeVersion ?? Int.max)",
            orderBy: "version DESC\(limit)")
        // The first version is number 1, so that none precedes it.
        return Page(rows, next: rows.last.flatMap { $0.version > 1 ? String($0.version) : nil })
    }

    static func version(_ number: Int, of id: ID<Block>, _ db: Transaction) throws -> BlockVersion? {
        try db.fetchAll(versions, where: "block_id = \(id) AND version = \(number)", orderBy: "version").first
    }

    // MARK: Lists

    static func page(_ query: ListBlocks, _ db: Transaction) throws -> Page<Block> {
        let page = try db.page(
            table, query, defaultLimit: BlockService.defaultPage, order: .oldestFirst, where: conditions(query, db))
        let tags = try tags(of: page.items.map(\.id), db)
        return page.map { $0.wire(tags: tags[$0.id] ?? []) }
    }

    static func count(matching filter: ListBlocks, _ db: Transaction) throws -> Int {
        try db.count(table, where: conditions(filter, db))
    }

    static func conditions(_ filter: ListBlocks, _ db: Transaction) -> [SQLText?] {
        [
            filter.templatesOnly == true ? "is_template" : "NOT is_template",
            // Hidden blocks are for the tools that created them.
            "(hidden IS NULL OR NOT hidden)",
            filter.label.map { "label = \($0)" },
            filter.name.map { "template_name = \($0)" },
            (filter.projectID ?? db.project).map { "project_id = \($0)" },
            filter.readOnly.map { $0 ? "read_only" : "NOT read_only" },
            filter.labelSearch.map { db.dialect.contains("label", $0) },
            filter.descriptionSearch.map { db.dialect.contains("description", $0) },
            filter.valueSearch.map { db.dialect.contains("value", $0) },
            filter.identityID.map { IdentityStore.condition(ID($0), of: .blocks, db) },
            IdentityStore.condition(keys: filter.identifierKeys, of: .blocks, db),
            TagStore.condition(filter.tags, all: filter.matchAllTags == true, owner: "block", db),
        ] + attachmentConditions(filter)
    }

    private static func attachmentConditions(_ filter: ListBlocks) -> [SQLText?] {
        let count: SQLText = """
            (SELECT COUNT(*) FROM agent_block
             WHERE agent_block.organization_id = block.organization_id AND agent_block.block_id = block.id)
            """
        return [
            filter.connectedToAgentsCountGt.map { "\(count) > \($0)" },
            filter.connectedToAgentsCountLt.map { "\(count) < \($0)" },
            filter.connectedToAgentsCountEq.flatMap { $0.isEmpty ? nil : "\(count) IN (\(list: $0))" },
        ]
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
