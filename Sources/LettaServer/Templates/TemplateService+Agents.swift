import JSON
import LettaAPI
import Storage

/// Agents made from templates.
extension TemplateService {
    /// Creates the agents of a version with their group, as a deployment of its own, all or nothing.
    func createAgents(
        from reference: TemplateReference, _ body: CreateTemplateAgents, as scope: Scope
    ) async throws -> TemplateAgents {
        let source = try await source(reference, as: scope)
        let snapshot = source.snapshot
        let deployment = "deployment-\(core.ids.uuid())"
        var made: Set<String> = []
        var drafts: [PreparedAgent] = []
        for agent in snapshot.agents {
            var new = agent.newAgent()
            // The others are called by their names.
            new.name =
                snapshot.agents.count == 1 ? body.agentName : drafts.isEmpty ? body.agentName ?? agent.name : agent.name
            new.tags = ((new.tags ?? []) + (body.tags ?? [])).withoutDuplicates
            new.identityIDs = body.identityIDs ?? new.identityIDs
            new.secrets = body.toolVariables
            if drafts.isEmpty { new.initialMessageSequence = body.initialMessageSequence }
            new.memoryVariables = try snapshot.values(body.memoryVariables)
            drafts.append(try await prepare(new, agent, from: source, in: deployment, besides: made, as: scope))
            made.formUnion(snapshot.blocks(of: agent).map(\.entityId))
        }
        let (group, time) = (core.ids.next(Group.self), core.now())
        return try await core.storage.write(as: scope) { [drafts] db in
            let rows = try insert(drafts, of: snapshot, db)
            let group = try self.group(group, of: source, rows, in: deployment, at: time, db)
            let states = try rows.map { try AgentStateStore.state(of: $0.agent, db) }
            return TemplateAgents(
                agents: states, group: group ?? states.first?.relations.managedGroup, deploymentID: deployment)
        }
    }

    /// A stored agent and the blocks that were made with it, by the ids that the template has for them.
    private typealias Made = (agent: AgentRow, blocks: [String: BlockRow])

    private func insert(
        _ drafts: [PreparedAgent], of snapshot: TemplateSnapshot, _ db: Transaction
    ) throws -> [Made] {
        var blocks: [String: BlockRow] = [:]
        return try zip(snapshot.agents, drafts).map { agent, draft in
            let shared = snapshot.blocks(of: agent).compactMap { blocks[$0.entityId] }
            let row = try agents.insert(draft, sharing: shared, db)
            let new = draft.blocks.compactMap { block in block.row.origin.entityID.map { ($0, block.row) } }
            blocks.merge(new) { $1 }
            return (row, Dictionary(new) { $1 })
        }
    }

    private func group(
        _ id: ID<Group>, of source: Source, _ made: [Made], in deployment: String, at time: Timestamp,
        _ db: Transaction
    ) throws -> Group? {
        guard let (type, configuration) = try source.snapshot.group() else { return nil }
        let agents = Dictionary(zip(source.snapshot.agents.map(\.entityId), made.map(\.agent.id))) { $1 }
        let blocks = made.reduce(into: [:]) { $0.merge($1.blocks) { $1 } }
        var manager = GroupManagement(type, by: configuration.managerAgentEntityId.flatMap { agents[$0] })
        if let token = configuration.terminationToken { manager.terminationToken = .set(token) }
        if let turns = configuration.maxTurns { manager.maxTurns = .set(turns) }
        var body = CreateGroup(
            agentIDs: source.snapshot.members(configuration).compactMap { agents[$0] },
            description: configuration.description ?? source.template.description ?? source.template.name)
        body.managerConfig = manager
        body.projectID = source.template.projectID
        body.sharedBlockIDs = (configuration.sharedBlockEntityIds ?? []).compactMap { blocks[$0]?.id }
        var origin = TemplateOrigin()
        origin.templateID = source.version.rawValue
        origin.baseTemplateID = source.template.id.rawValue
        origin.deploymentID = deployment
        return try GroupService.insert(body, as: id, from: origin, at: time, db)
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
        let deployment = "deployment-\(core.ids.uuid())"
        let new = try await prepare(body, try source.snapshot.agent(), from: source, in: deployment, as: scope)
        return try await core.storage.write(as: scope) { db in
            try AgentStateStore.state(of: agents.insert(new, db), db)
        }
    }

    /// - Parameter made: the blocks that an agent before it brings.
    private func prepare(
        _ body: CreateAgent, _ agent: TemplateSnapshot.Agent, from source: Source, in deployment: String,
        besides made: Set<String> = [], as scope: Scope
    ) async throws -> PreparedAgent {
        var body = body
        body.projectID = body.projectID ?? source.template.projectID
        body.templateID = source.version.rawValue
        body.baseTemplateID = source.template.id.rawValue
        let own = Set((body.memoryBlocks ?? []).map(\.label))
        let blocks = source.snapshot.blocks(of: agent).filter { block in
            !own.contains(block.label) && !made.contains(block.entityId)
        }.map { block in
            CreateBlock(
                block, version: source.version, template: source.template.id, deployment: deployment,
                project: body.projectID)
        }
        body.memoryBlocks = blocks + (body.memoryBlocks ?? [])
        return try await agents.prepare(body, in: .init(id: deployment, entity: agent.entityId), as: scope)
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
