import HTTPKit
import HTTPTypes
import LettaAPI

extension Call {
    /// The scope in which services act for the caller.
    var scope: Scope { caller.scope }

    /// The header that points to the next page of a list that is read by numbers of elements.
    func link(to offset: Int?) -> HTTPFields {
        PageLink.headers(target: target, next: offset.map { String($0) }, as: "offset")
    }
}

extension Caller {
    var scope: Scope {
        Scope(
            organization: organization, user: user, project: project == Project.defaultID.rawValue ? nil : project,
            key: key?.rawValue)
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
