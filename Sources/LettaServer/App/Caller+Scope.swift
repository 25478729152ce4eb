import HTTPKit
import LettaAPI

extension Call {
    /// On whose behalf the services act.
    var scope: Scope { caller.scope }
}

extension Caller {
    var scope: Scope {
        Scope(organization: organization, user: user, project: project)
    }

    /// What is loaded beside an agent's own fields.
    ///
    /// Older clients get everything unless they name what they want; newer ones get only what they name.
    func relations(include: [AgentInclusion]?, relationships: [String]?) -> AgentRelationSet {
        switch generation {
        case .legacy: relationships.map { AgentRelationSet(relationships: $0) } ?? .all
        case .v1: AgentRelationSet(include ?? []).union(AgentRelationSet(relationships: relationships ?? []))
        }
    }
}
