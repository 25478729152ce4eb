import JSON
import LettaAPI
import Storage

/// Parts of deployments of templates that are kept elsewhere.
struct InternalTemplateService: Sendable {
    let core: Core
    let agents: AgentService
    let groups: GroupService

    func create(_ body: CreateInternalAgent, as scope: Scope) async throws -> AgentState {
        for (name, id) in [("template_id", body.agent.templateID), ("base_template_id", body.agent.baseTemplateID)]
        where id == nil {
            throw APIError.invalidField(name, "has to be there", input: .null)
        }
        // Handles are not resolved here, as with the peer.
        guard body.agent.llmConfig != nil else { throw APIError(400, "llm_config is required") }
        return try await agents.create(
            body.agent, in: .init(id: body.deploymentID, entity: body.entityID), as: scope)
    }

    func create(_ body: CreateInternalGroup, as scope: Scope) async throws -> Group {
        var origin = TemplateOrigin()
        origin.templateID = body.templateID
        origin.baseTemplateID = body.baseTemplateID
        origin.deploymentID = body.deploymentID
        return try await groups.create(body.group, from: origin, as: scope)
    }

    func create(_ bodies: [CreateInternalBlock], as scope: Scope) async throws -> [Block] {
        let time = core.now()
        let blocks = try bodies.enumerated().map { index, body in
            // One microsecond apart, so that lists show them in the given order.
            let created = Timestamp(microseconds: time.microseconds + Int64(index))
            let block = try BlockService.block(
                from: CreateBlock(body), id: core.ids.next(), at: created, in: scope)
            return (block: block, tags: (body.tags ?? []).withoutDuplicates)
        }
        return try await core.storage.write(as: scope) { db in
            try blocks.map { block, tags in
                try BlockStore.insert(block, tags: tags, db)
                return block.wire(tags: tags)
            }
        }
    }

    func deployment(_ id: String, _ query: ListDeployment, as scope: Scope) async throws -> Deployment {
        try await core.storage.read(as: scope) { db in
            Deployment(id, try InternalTemplateStore.entities(of: id, types: query.entityTypes, db))
        }
    }

    /// Deletes blocks, then agents, then groups, all or none.
    func delete(_ id: String, as scope: Scope) async throws -> DeletedDeployment {
        try await core.storage.write(as: scope) { db in
            let entities = try InternalTemplateStore.entities(of: id, types: nil, db)
            let ids = { (type: String) in entities.filter { $0.type == type }.map(\.id) }
            for block in try AgentService.existingBlocks(ids("block"), db) { try BlockStore.delete(block, db) }
            for agent in ids("agent") { try AgentService.delete(ID(agent), db) }
            for group in ids("group") { try db.delete(group, from: GroupStore.table) }
            return DeletedDeployment(id, blocks: ids("block"), agents: ids("agent"), groups: ids("group"))
        }
    }
}

extension CreateBlock {
    fileprivate init(_ body: CreateInternalBlock) {
        self.init(label: body.label, value: body.value, limit: body.limit, description: body.description)
        metadata = body.metadata
        readOnly = body.readOnly
        tags = body.tags
        hidden = body.hidden
        isTemplate = body.isTemplate
        templateName = body.templateName
        preserveOnMigration = body.preserveOnMigration
        projectID = body.projectID
        templateID = body.templateID
        baseTemplateID = body.baseTemplateID
        deploymentID = body.deploymentID
        entityID = body.entityID
    }
}
