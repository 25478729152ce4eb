import HTTPKit
import LettaAPI

/// What each operation needs of an API key, from `scopes.tsv`.
///
/// Every route has a line there. One that needs no key either (`open`) is not among the ``scopes``.
enum RouteScopes {
    static let scopes: [String: KeyScope] = Dictionary(
        lines.compactMap { line in KeyScope(rawValue: line.scope).map { (line.operation, $0) } },
        uniquingKeysWith: { first, _ in first })

    static let lines: [(operation: String, scope: String)] = UnservedRoutes.rows(of: PackageResources.scopes_tsv).map {
        ("\($0[0]) \($0[1])", String($0[2]))
    }
}

extension APIKeyService {
    /// Lets requests in that have a key.
    func door() -> APIKeyDoor {
        var door = APIKeyDoor()
        door.scopes = RouteScopes.scopes
        door.grant = { text in
            guard let (organization, key) = try await find(text) else { return nil }
            return KeyGrant(
                id: key.id, organization: organization, user: key.userID.rawValue, scopes: Set(key.scopes))
        }
        return door
    }
}
