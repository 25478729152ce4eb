import HTTPKit
import LettaAPI

extension AccessTokenService {
    /// Lets requests in that have a token.
    func door() -> AccessTokenDoor {
        var door = AccessTokenDoor()
        door.rules = AccessTokenRules.rules
        door.isOriginOfToken = { try await isOrigin($0) }
        door.grant = { token in
            guard let (organization, row) = try await find(token) else { return nil }
            return AccessGrant(
                organization: organization, user: row.userID, origin: row.origin,
                rights: Dictionary(try row.policy.content().data.map { ($0.id, Set($0.access)) }) { $0.union($1) })
        }
        door.isReadOnly = { label, agent, grant in
            let scope = Scope(organization: grant.organization, user: grant.user)
            return try await isReadOnly(label, of: agent, as: scope)
        }
        door.owner = { subject, id, grant in
            let scope = Scope(organization: grant.organization, user: grant.user)
            switch subject {
            case .agent: return ID(id)
            case .run: return try await owner(of: id, in: .run, as: scope)
            case .conversation: return try await owner(of: id, in: .conversation, as: scope)
            case .message: return try await owner(of: id, in: .message, as: scope)
            }
        }
        return door
    }
}
