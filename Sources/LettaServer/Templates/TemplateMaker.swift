import AgentEngine
import JSON
import LettaAPI
import Storage

/// Makes the snapshot of agents. A block that several of them have is one block of the template.
///
/// Parts that the agents got from `old`, the version they were made from, keep their entity ids, and blocks whose text is
/// that of `old` with the agent's variables keep its variables.
struct TemplateMaker {
    let old: TemplateSnapshot?
    let ids: IDSource
    private var agents: [(id: ID<AgentState>, agent: TemplateSnapshot.Agent)] = []
    private var blocks: [(id: ID<Block>, block: TemplateSnapshot.TemplateBlock)] = []
    private var relationships: [TemplateSnapshot.Relationship] = []

    init(old: TemplateSnapshot?, ids: IDSource) {
        self.old = old
        self.ids = ids
    }

    /// - Throws: `APIError` 404.
    mutating func add(_ id: ID<AgentState>, _ db: Transaction) throws {
        guard let row = try AgentStore.row(id, db) else { throw APIError.notFound("Agent", id) }
        let before = oldAgent(of: row)
        let variables = try JSONDecoding().decode([String: String].self, from: row.memoryVariables.value())
        let oldBlocks = before.flatMap { old?.blocks(of: $0) } ?? []
        var own: [TemplateSnapshot.TemplateBlock] = []
        for block in try AgentBlockStore.blocks(of: [id], db)[id] ?? [] {
            if let made = blocks.first(where: { $0.id == block.id }) {
                own.append(made.block)
                continue
            }
            var template = TemplateSnapshot.TemplateBlock(entityId: "", label: block.label, value: block.value)
            let known = oldBlocks.first { $0.entityId == block.origin.entityID || $0.label == block.label }
            template.entityId = entity([known?.entityId, block.origin.entityID], besides: blocks.map(\.block.entityId))
            if let known, AgentRules.filled(known.value, with: variables) == block.value {
                template.value = known.value
            }
            template.limit = block.limit
            template.description = block.description
            template.readOnly = block.readOnly
            template.preserveOnMigration = block.preserveOnMigration
            blocks.append((block.id, template))
            own.append(template)
        }
        let entity = entity([before?.entityId, row.origin.entityID], besides: agents.map(\.agent.entityId))
        agents.append(
            (id, try TemplateSnapshot.Agent(of: row, as: entity, blocks: own, variables: variables, db)))
        relationships += own.map { .init(agentEntityId: entity, blockEntityId: $0.entityId) }
    }

    func snapshot(in group: Group?) throws -> TemplateSnapshot {
        var snapshot = TemplateSnapshot(
            agents: agents.map(\.agent), blocks: blocks.map(\.block), relationships: relationships)
        guard let group else { return snapshot }
        func entity(_ id: ID<AgentState>) -> String? { agents.first { $0.id == id }?.agent.entityId }
        var configuration = TemplateSnapshot.GroupConfiguration()
        configuration.managerType = group.managerType.rawValue
        configuration.managerAgentEntityId = group.managerAgentID.flatMap(entity)
        configuration.terminationToken = group.terminationToken
        configuration.maxTurns = group.maxTurns
        configuration.description = group.description
        configuration.memberEntityIds = group.agentIDs.compactMap(entity)
        configuration.sharedBlockEntityIds = group.sharedBlockIDs.compactMap { id in
            blocks.first { $0.id == id }?.block.entityId
        }
        snapshot.type = group.managerType.rawValue
        snapshot.configuration = ObjectDocument(
            try JSONEncoding(omitsNil: true).encode(configuration).object ?? [:])
        return snapshot
    }

    /// The agent of the old version that a stored agent was made from, or that has its name.
    private func oldAgent(of row: AgentRow) -> TemplateSnapshot.Agent? {
        let rest = (old?.agents ?? []).filter { one in !agents.contains { $0.agent.entityId == one.entityId } }
        return rest.first { $0.entityId == row.origin.entityID } ?? rest.first { $0.name == row.name }
            ?? (old?.agents.count == 1 ? rest.first : nil)
    }

    /// The first of the ids that no other part has, or a new one.
    private func entity(_ wanted: [String?], besides used: [String]) -> String {
        wanted.compactMap { $0 }.first { !used.contains($0) } ?? ids.uuid()
    }
}
