import AgentEngine
import JSON
import LettaAPI
import Storage

/// The rules of blocks: limits, labels, versions.
struct BlockService: Sendable {
    let core: Core

    /// The default limit of a block, in characters.
    static let defaultLimit = 100_000
    /// Large, so that few clients need a second page.
    static let defaultPage = 1_000

    func create(_ body: CreateBlock, as scope: Scope) async throws -> Block {
        let block = try Self.block(from: body, id: core.ids.next(), at: core.now(), in: scope)
        let tags = body.tags ?? []
        return try await core.storage.write(as: scope) { db in
            try BlockStore.insert(block, tags: tags, db)
            return block.wire(tags: tags.withoutDuplicates)
        }
    }

    func retrieve(_ id: ID<Block>, as scope: Scope) async throws -> Block {
        try await core.storage.read(as: scope) { db in
            guard let block = try BlockStore.row(id, db) else {
                throw APIError(404, "Block with id '\(id)' not found")
            }
            return block.wire(tags: try BlockStore.tags(of: [id], db)[id] ?? [])
        }
    }

    func update(_ id: ID<Block>, applying change: UpdateBlock, as scope: Scope) async throws -> Block {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            try Self.update(id, applying: change, by: .user(scope.user), at: time, db)
        }
    }

    func delete(_ id: ID<Block>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            guard let block = try BlockStore.rowForUpdate(id, db) else { throw Self.missing(id) }
            try BlockStore.delete(block, db)
        }
    }

    func list(_ query: ListBlocks, as scope: Scope) async throws -> Page<Block> {
        try Self.checkLabelFilter(query.label)
        try KeyText.check("label_search", query.labelSearch, in: "query")
        try KeyText.check("description_search", query.descriptionSearch, in: "query")
        try KeyText.check("value_search", query.valueSearch, in: "query")
        return try await core.storage.read(as: scope) { db in try BlockStore.page(query, db) }
    }

    func count(_ query: CountBlocks, as scope: Scope) async throws -> Int {
        var filter = ListBlocks()
        filter.label = query.label
        filter.name = query.name
        filter.templatesOnly = query.templatesOnly
        filter.tags = query.tags
        filter.matchAllTags = query.matchAllTags
        filter.projectID = query.projectID
        return try await core.storage.read(as: scope) { [filter] db in
            try BlockStore.count(matching: filter, db)
        }
    }

    func history(of id: ID<Block>, _ query: ListBlockHistory, as scope: Scope) async throws -> Page<BlockVersion> {
        try await core.storage.read(as: scope) { db in
            guard try db.exists(id, in: BlockStore.table) else { throw Self.missing(id) }
            return try BlockStore.versions(of: id, query, db)
        }
    }

    func agents(
        with id: ID<Block>, _ query: ListAttachedAgents, relations: AgentRelationSet, as scope: Scope
    ) async throws -> Page<AgentState> {
        let request = try PageRequest(query)
        return try await core.storage.read(as: scope) { db in
            guard try db.exists(id, in: BlockStore.table) else { throw Self.missing(id) }
            let page = try AgentStore.page(request, where: AgentBlockStore.isAttached(id, db), db)
            return try AgentStateStore.states(of: page, with: relations, db)
        }
    }
}

extension BlockService {
    static func missing(_ id: ID<Block>) -> APIError {
        .notFound("Block", id)
    }

    /// The row of a new block.
    ///
    /// - Throws: `APIError` naming the invalid field.
    static func block(from body: CreateBlock, id: ID<Block>, at time: Timestamp, in scope: Scope) throws -> BlockRow {
        var block = BlockRow(
            id: id, label: body.label, value: body.value?.text ?? "", limit: body.limit ?? defaultLimit, at: time)
        block.description = body.description ?? PromptText.blockDescription(label: body.label)
        block.metadata = body.metadata ?? ObjectDocument()
        block.readOnly = body.readOnly ?? false
        block.hidden = body.hidden
        block.isTemplate = body.isTemplate ?? false
        block.templateName = body.templateName
        block.preserveOnMigration = body.preserveOnMigration ?? false
        block.origin.projectID = body.projectID ?? scope.project
        block.origin.templateID = body.templateID
        block.origin.baseTemplateID = body.baseTemplateID
        block.origin.deploymentID = body.deploymentID
        block.origin.entityID = body.entityID
        block.createdByID = scope.user
        block.lastUpdatedByID = scope.user
        try KeyText.check("label", block.label)
        try KeyText.check("tags", body.tags)
        try checkLimit(block)
        return block
    }

    /// Changes a block in the caller's transaction. Values equal to the stored ones make no new version.
    static func update(
        _ id: ID<Block>, applying change: UpdateBlock, by actor: BlockActor, at time: Timestamp, _ db: Transaction
    ) throws -> Block {
        guard let old = try BlockStore.rowForUpdate(id, db) else { throw missing(id) }
        let oldTags = try BlockStore.tags(of: [id], db)[id] ?? []
        let tags = (change.tags.applied(to: oldTags) ?? []).withoutDuplicates
        var block = old
        change.apply(to: &block)
        guard block != old || tags != oldTags else { return old.wire(tags: oldTags) }
        try KeyText.check("label", block.label)
        try KeyText.check("tags", change.tags.value)
        try checkLimit(block)
        block.version += 1
        block.updatedAt = max(time, block.updatedAt)
        block.lastUpdatedByID = actor.id
        if block.label != old.label { try checkLabelIsFree(block.label, of: id, db) }
        guard try BlockStore.update(block, by: actor, db) else {
            throw APIError.conflict("Block \(id) was changed by another request at the same time. Retry.")
        }
        if tags != oldTags { try TagStore.replaceTags(of: id, owner: "block", with: tags, db) }
        if block.label != old.label { try AgentBlockStore.relabel(block.id, as: block.label, db) }
        return block.wire(tags: tags)
    }

    /// - Throws: `APIError` 409 when an agent that has the block has another one under the new label.
    static func checkLabelIsFree(_ label: String, of id: ID<Block>, _ db: Transaction) throws {
        guard try AgentBlockStore.isTaken(label, besides: id, db) else { return }
        throw APIError.conflict("An agent that has block \(id) has another block with the label '\(label)' already.")
    }

    /// Characters are Unicode scalars, which is how clients in Python count.
    private static func checkLimit(_ block: BlockRow) throws {
        guard block.limit >= 0 else {
            throw APIError.invalidField("limit", "the limit can't be negative", input: .int(Int64(block.limit)))
        }
        let length = block.value.unicodeScalars.count
        guard length <= block.limit else {
            throw APIError.invalidField(
                "value",
                "block '\(block.label)' is limited to \(block.limit) characters and the value has \(length). "
                    + "Shorten the value or raise the limit.",
                input: .int(Int64(length)))
        }
    }

    /// The peer's pattern for labels in filters.
    private static func checkLabelFilter(_ label: String?) throws {
        guard let label else { return }
        let pattern = "^[a-zA-Z0-9_/-]+$"
        let isFine =
            !label.isEmpty
            && label.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "-")
            }
        guard isFine else {
            let issue = ValidationIssue(
                type: "string_pattern_mismatch", location: [.name("query"), .name("label")],
                message: "String should match pattern '\(pattern)'", input: .string(label),
                context: ["pattern": .string(pattern)])
            throw APIError(status: 422, body: .validation([issue], examples: []))
        }
    }
}

extension UpdateBlock {
    /// Applies the fields that are present. `null` leaves required fields unchanged.
    func apply(to block: inout BlockRow) {
        label.apply(to: &block.label)
        if let value = value.value { block.value = value.text }
        limit.apply(to: &block.limit)
        description.apply(to: &block.description)
        metadata.apply(to: &block.metadata)
        readOnly.apply(to: &block.readOnly)
        hidden.apply(to: &block.hidden)
        isTemplate.apply(to: &block.isTemplate)
        templateName.apply(to: &block.templateName)
        preserveOnMigration.apply(to: &block.preserveOnMigration)
        projectID.apply(to: &block.origin.projectID)
        templateID.apply(to: &block.origin.templateID)
        baseTemplateID.apply(to: &block.origin.baseTemplateID)
        deploymentID.apply(to: &block.origin.deploymentID)
        entityID.apply(to: &block.origin.entityID)
    }
}
