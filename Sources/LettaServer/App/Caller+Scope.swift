import HTTPKit
import LettaAPI

extension Call {
    /// The scope in which services act for the caller.
    var scope: Scope { caller.scope }
}

extension Caller {
    var scope: Scope {
        Scope(organization: organization, user: user, project: project)
    }

    /// The relations that are loaded besides an agent's own fields.
    ///
    /// Older clients get all of them unless they name some; newer ones get only those they name.
    func relations(include: [AgentInclusion]?, relationships: [String]?) -> AgentRelationSet {
        switch generation {
        case .legacy: relationships.map { AgentRelationSet(relationships: $0) } ?? .all
        case .v1: AgentRelationSet(include ?? []).union(AgentRelationSet(relationships: relationships ?? []))
        }
    }
}
