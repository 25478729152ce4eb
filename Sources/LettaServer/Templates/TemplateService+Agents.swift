import JSON
import LettaAPI
import Storage

/// Agents made from templates.
extension TemplateService {
    /// Creates the agent of a version, as a deployment of its own.
    func createAgents(
        from reference: TemplateReference, _ body: CreateTemplateAgents, as scope: Scope
    ) async throws -> TemplateAgents {
        let source = try await source(reference, as: scope)
        let snapshot = source.snapshot
        var new = try snapshot.agent().newAgent()
        new.name = body.agentName
        new.tags = ((new.tags ?? []) + (body.tags ?? [])).withoutDuplicates
        new.identityIDs = body.identityIDs ?? new.identityIDs
        new.secrets = body.toolVariables
        new.initialMessageSequence = body.initialMessageSequence
        new.memoryVariables = try snapshot.values(body.memoryVariables)
        let state = try await create(new, from: source, as: scope)
        return TemplateAgents(
            agents: [state], group: state.relations.managedGroup, deploymentID: state.origin.deploymentID ?? "")
    }

    /// Creates an agent; where the body names a template, as that says in the fields that the body leaves out.
    func createAgent(_ body: CreateAgent, as scope: Scope) async throws -> AgentState {
        guard let name = body.fromTemplate else { return try await agents.create(body, as: scope) }
        let source = try await source(TemplateReference(name, in: scope.project), as: scope)
        var template = try source.snapshot.agent().newAgent()
        template.memoryVariables = try source.snapshot.values(body.memoryVariables)
        let encoding = JSONEncoding(omitsNil: true)
        guard var fields = try encoding.encode(template).object, let given = try encoding.encode(body).object else {
            return try await agents.create(body, as: scope)
        }
        if given["model"] != nil || given["llm_config"] != nil {
            // Another model has its own description, and settings of its own.
            for name in ["model", "llm_config", "model_settings", "context_window_limit", "max_tokens"] {
                fields[name] = nil
            }
        }
        for (name, value) in given where name != "memory_variables" { fields[name] = value }
        let new = try JSONDecoding().decode(CreateAgent.self, from: .object(fields))
        return try await create(new, from: source, as: scope)
    }

    private struct Source: Sendable {
        var template: TemplateRow
        var version: ID<TemplateVersion>
        var snapshot: TemplateSnapshot
    }

    private func source(_ reference: TemplateReference, as scope: Scope) async throws -> Source {
        try await core.storage.read(as: scope) { db in
            let template = try reference.template(db).row
            let version = try reference.version(of: template, db)
            return Source(template: template, version: version.id, snapshot: try version.snapshot.content())
        }
    }

    private func create(_ body: CreateAgent, from source: Source, as scope: Scope) async throws -> AgentState {
        let agent = try source.snapshot.agent()
        let deployment = "deployment-\(core.ids.uuid())"
        var body = body
        body.projectID = body.projectID ?? source.template.projectID
        body.templateID = source.version.rawValue
        body.baseTemplateID = source.template.id.rawValue
        let own = Set((body.memoryBlocks ?? []).map(\.label))
        let blocks = source.snapshot.blocks(of: agent).filter { !own.contains($0.label) }.map { block in
            CreateBlock(
                block, version: source.version, template: source.template.id, deployment: deployment,
                project: body.projectID)
        }
        body.memoryBlocks = blocks + (body.memoryBlocks ?? [])
        return try await agents.create(body, in: .init(id: deployment, entity: agent.entityId), as: scope)
    }
}

extension CreateBlock {
    /// A block of a template, with its variables.
    init(
        _ block: TemplateSnapshot.TemplateBlock, version: ID<TemplateVersion>, template: ID<Template>,
        deployment: String?, project: String?
    ) {
        self.init(label: block.label, value: block.value, limit: block.limit, description: block.description)
        readOnly = block.readOnly
        preserveOnMigration = block.preserveOnMigration
        projectID = project
        templateID = version.rawValue
        baseTemplateID = template.rawValue
        deploymentID = deployment
        entityID = block.entityId
    }
}
