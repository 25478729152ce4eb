import JSON
import LettaAPI
import Storage

/// Gives agents another version of a template.
struct TemplateMigration: Sendable {
    struct Options: Sendable {
        /// Keeps the text of blocks that agents have.
        var preservesMemory = false
        /// Keeps environment variables that the version does not have.
        var preservesSecrets = false
        /// Keeps folders that the version does not have.
        var preservesFolders = false
        /// Deletes blocks that the version does not have, where no other agent has them.
        var deletesOtherBlocks = false
        var memoryVariables: [String: String] = [:]
    }

    /// What an agent of the version is made of.
    struct Part: Sendable {
        let agent: TemplateSnapshot.Agent
        let model: AgentModel
        let embedding: EmbeddingConfig?
    }

    let agents: AgentService
    let template: ID<Template>
    let version: ID<TemplateVersion>
    let snapshot: TemplateSnapshot
    let parts: [Part]
    let options: Options

    /// Changes one agent, all or nothing. Repeating it changes nothing.
    ///
    /// - Returns: false for an agent that is none of the version's.
    func run(on id: ID<AgentState>, at time: Timestamp, _ db: Transaction) throws -> Bool {
        guard let row = try AgentStore.row(id, db) else { throw APIError.notFound("Agent", id) }
        guard let part = parts.count == 1 ? parts[0] : parts.first(where: { $0.agent.entityId == row.origin.entityID })
        else { return false }
        let entity = part.agent
        let stored = try JSONDecoding().decode([String: String].self, from: row.memoryVariables.value())
        let variables = try snapshot.values(stored.merging(options.memoryVariables) { $1 })
        // Blocks are locked before agents.
        let present = try AgentService.existingBlocks(
            (AgentBlockStore.blocks(of: [id], db)[id] ?? []).map(\.id.rawValue), db)
        var kept: [ID<Block>] = []
        for block in snapshot.blocks(of: entity) {
            kept.append(try put(block, of: row, among: present, variables, at: time, db))
        }
        for block in present where !kept.contains(block.id) {
            if try options.deletesOtherBlocks && AgentBlockStore.agents(with: block.id, db) == [id] {
                try BlockStore.delete(block, db)
            } else if !options.deletesOtherBlocks {
                kept.append(block.id)
            }
        }
        let change = try change(of: row, part, blocks: kept, db)
        var new = try agents.apply(
            change, model: part.model.config, embedding: part.embedding, to: id, at: time, db)
        if !options.preservesSecrets {
            let names = Set((entity.toolVariables?.data ?? []).map(\.key))
            let old = try AgentStore.sealedSecrets(of: id, db)
            let rest = old.filter { names.contains($0.name) }
            if rest != old { try AgentStore.replaceSecrets(of: id, with: rest, db) }
        }
        new.memoryVariables = RawJSON(variables)
        new.origin.entityID = entity.entityId
        try AgentStore.update(new, db)
        try SystemMessageService.refresh(id, at: time, db)
        return true
    }

    /// The block of the agent's deployment that several of its agents have.
    private func shared(
        _ block: TemplateSnapshot.TemplateBlock, with agent: AgentRow, _ db: Transaction
    ) throws -> BlockRow? {
        guard let deployment = agent.origin.deploymentID,
            snapshot.relationships.count(where: { $0.blockEntityId == block.entityId }) > 1
        else { return nil }
        let found = try TemplateStore.block(block.entityId, of: template, in: deployment, db)
        return try found.flatMap { try AgentService.existingBlocks([$0.rawValue], db).first }
    }

    /// - Returns: the agent's block for one of the template, which is created or changed.
    private func put(
        _ block: TemplateSnapshot.TemplateBlock, of agent: AgentRow, among present: [BlockRow],
        _ variables: [String: String], at time: Timestamp, _ db: Transaction
    ) throws -> ID<Block> {
        let filled = AgentRules.filled(block.value, with: variables)
        let isOwn = { (row: BlockRow) in row.origin.baseTemplateID == template.rawValue }
        guard
            let old = try present.first(where: { isOwn($0) && $0.origin.entityID == block.entityId })
                ?? present.first(where: { $0.label == block.label }) ?? shared(block, with: agent, db)
        else {
            var body = CreateBlock(
                block, version: version, template: template, deployment: agent.origin.deploymentID,
                project: agent.origin.projectID)
            body.value = BlockValue(filled)
            let new = try BlockService.block(from: body, id: agents.core.ids.next(), at: time, in: db.scope)
            try BlockStore.insert(new, tags: [], db)
            return new.id
        }
        // A block that others share is not the template's to change.
        guard try isOwn(old) || AgentBlockStore.agents(with: old.id, db) == [agent.id] else { return old.id }
        let keepsValue = options.preservesMemory || block.preserveOnMigration == true
        var change = UpdateBlock()
        change.label = .set(block.label)
        if !keepsValue { change.value = .set(BlockValue(filled)) }
        if let limit = block.limit {
            change.limit = .set(keepsValue ? max(limit, old.value.unicodeScalars.count) : limit)
        }
        change.description = block.description.map { .set($0) } ?? .keep
        change.readOnly = .set(block.readOnly ?? false)
        change.preserveOnMigration = .set(block.preserveOnMigration ?? false)
        change.templateID = .set(version.rawValue)
        change.baseTemplateID = .set(template.rawValue)
        change.entityID = .set(block.entityId)
        _ = try BlockService.update(old.id, applying: change, by: .user(db.user), at: time, db)
        return old.id
    }

    private func change(
        of row: AgentRow, _ part: Part, blocks: [ID<Block>], _ db: Transaction
    ) throws -> UpdateAgent {
        let entity = part.agent
        var change = UpdateAgent()
        change.system = .set(entity.systemPrompt)
        change.blockIDs = .set(blocks.map(\.rawValue))
        change.toolIDs = .set(entity.toolIds ?? [])
        change.toolRules = .set(entity.toolRules ?? [])
        let tags = try TagStore.tags(of: [row.id], owner: "agent", db)[row.id] ?? []
        change.tags = .set((tags + (entity.tags ?? [])).withoutDuplicates)
        let folders =
            options.preservesFolders
            ? (try AgentFileStore.folders(of: [row.id], db)[row.id] ?? []).map(\.id) : []
        change.folderIDs = .set((folders + (entity.sourceIds ?? []).map { ID($0) }).withoutDuplicates)
        change.llmConfig = .set(part.model.config)
        if let settings = entity.compactionSettings { change.compactionSettings = .set(settings) }
        if let autoclear = entity.properties?.messageBufferAutoclear { change.messageBufferAutoclear = .set(autoclear) }
        if let open = entity.properties?.maxFilesOpen { change.maxFilesOpen = .set(open) }
        if let limit = entity.properties?.perFileViewWindowCharLimit {
            change.perFileViewWindowCharLimit = .set(limit)
        }
        if let format = entity.responseFormat { change.responseFormat = .set(format) }
        change.templateID = .set(version.rawValue)
        change.baseTemplateID = .set(template.rawValue)
        return change
    }
}

extension TemplateService {
    /// Migrates the agents of a deployment, or all agents that were made from the template, one after the other.
    ///
    /// - Returns: the number of agents.
    /// - Throws: `APIError` 404 for a deployment without agents.
    func migrate(
        _ reference: TemplateReference, deployment: String?, _ options: TemplateMigration.Options, as scope: Scope
    ) async throws -> Int {
        let migration = try await migration(to: reference, options, as: scope)
        var count = 0
        var last = ""
        while true {
            let next = try await core.storage.read(as: scope) { [last] db in
                try TemplateStore.agents(of: migration.template, deployment: deployment, after: last, limit: 100, db)
            }
            guard let end = next.last else { break }
            for agent in next where try await run(migration, on: agent, as: scope) { count += 1 }
            last = end.rawValue
        }
        guard count > 0 || deployment == nil else {
            throw APIError(404, "Deployment \(deployment ?? "") of template \(reference.name) not found")
        }
        return count
    }

    func migrate(_ agent: ID<AgentState>, _ body: MigrateAgent, as scope: Scope) async throws {
        try await core.storage.read(as: scope) { db in
            guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
        }
        var options = TemplateMigration.Options()
        options.preservesMemory = body.preserveCoreMemories ?? false
        options.preservesSecrets = body.preserveToolVariables ?? false
        options.preservesFolders = body.preserveSources ?? false
        let reference = try TemplateReference(body.toTemplate, in: scope.project)
        guard try await run(try await migration(to: reference, options, as: scope), on: agent, as: scope) else {
            throw APIError.invalidArgument("Agent \(agent) is none of the agents of template \(body.toTemplate).")
        }
    }

    private func run(_ migration: TemplateMigration, on agent: ID<AgentState>, as scope: Scope) async throws -> Bool {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in try migration.run(on: agent, at: time, db) }
    }

    private func migration(
        to reference: TemplateReference, _ options: TemplateMigration.Options, as scope: Scope
    ) async throws -> TemplateMigration {
        let (template, version) = try await core.storage.read(as: scope) { db in
            let template = try reference.template(db).row
            return (template.id, try reference.version(of: template, db))
        }
        let snapshot = try version.snapshot.content()
        var parts: [TemplateMigration.Part] = []
        for agent in snapshot.agents {
            let body = agent.newAgent()
            parts.append(
                .init(
                    agent: agent, model: try await agents.model(for: body, as: scope),
                    embedding: try await agents.embedding(for: body, as: scope)))
        }
        return TemplateMigration(
            agents: agents, template: template, version: version.id, snapshot: snapshot, parts: parts,
            options: options)
    }
}
