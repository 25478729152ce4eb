import JSON
import LettaAPI

extension TemplateSnapshot {
    /// The types of groups that templates have. Companions are made with their agents.
    static let groupTypes: [Group.ManagerType] = [.roundRobin, .supervisor, .dynamic]

    /// How the agents work together; nil where they are in no group.
    func group() throws -> (type: Group.ManagerType, configuration: GroupConfiguration)? {
        guard let type = type.flatMap(Group.ManagerType.init(rawValue:)), Self.groupTypes.contains(type) else {
            return nil
        }
        return (type, try JSONDecoding().decode(GroupConfiguration.self, from: configuration?.json.value() ?? [:]))
    }

    /// The members of the group, in their order.
    func members(_ configuration: GroupConfiguration) -> [String] {
        configuration.memberEntityIds
            ?? agents.map(\.entityId).filter { $0 != configuration.managerAgentEntityId }
    }

    /// - Throws: `APIError` 422 naming what the group of a template can't have.
    func checkGroup() throws {
        guard let (type, configuration) = try group() else { return }
        func refuse(_ text: String) -> APIError { .invalidField("configuration", text, input: .null) }
        let known = Set(agents.map(\.entityId))
        let members = members(configuration)
        guard !members.isEmpty, Set(members).count == members.count, known.isSuperset(of: members) else {
            throw refuse("memberEntityIds must name agents of the template, each once")
        }
        guard type == .roundRobin || configuration.managerAgentEntityId.map(known.contains) == true else {
            throw refuse("managerAgentEntityId must name an agent of the template, as '\(type.rawValue)' needs one")
        }
        guard Set(blocks.map(\.entityId)).isSuperset(of: configuration.sharedBlockEntityIds ?? []) else {
            throw refuse("sharedBlockEntityIds must name blocks of the template")
        }
        guard configuration.maxTurns.map({ $0 > 0 }) ?? true else { throw refuse("maxTurns must be positive") }
        let names = agents.filter { members.contains($0.entityId) }.map(\.name)
        guard type != .dynamic || Set(names).count == names.count else {
            throw refuse("the agents of a dynamic group need different names")
        }
    }

    /// The snapshot with one of its agents as it is in `part`, with its blocks.
    ///
    /// - Throws: `APIError` 400 when it has no such agent.
    func replacing(_ part: TemplateSnapshot) throws -> TemplateSnapshot {
        guard let agent = part.agents.first, let index = agents.firstIndex(where: { $0.entityId == agent.entityId })
        else { throw APIError.invalidArgument("The agent is no part of its template any more.") }
        var new = self
        new.agents[index] = agent
        new.relationships = relationships.filter { $0.agentEntityId != agent.entityId } + part.relationships
        let used = Set(new.relationships.map(\.blockEntityId))
        let changed = Dictionary(part.blocks.map { ($0.entityId, $0) }) { $1 }
        let old = Set(blocks.map(\.entityId))
        new.blocks = blocks.filter { used.contains($0.entityId) }.map { changed[$0.entityId] ?? $0 }
        new.blocks += part.blocks.filter { !old.contains($0.entityId) }
        return new
    }
}
