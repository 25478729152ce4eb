import HTTPTypes
import Hummingbird
package import LettaAPI
import Synchronization

/// What a request may do that has an API key instead of the password.
package struct KeyGrant: Sendable, Hashable {
    package var id: ID<APIKey>
    package var organization: String
    package var user: String
    package var scopes: Set<KeyScope>

    package init(id: ID<APIKey>, organization: String, user: String, scopes: Set<KeyScope>) {
        self.id = id
        self.organization = organization
        self.user = user
        self.scopes = scopes
    }
}

/// Lets requests in that have an API key, each only where the key's scopes allow it.
package struct APIKeyDoor: Sendable {
    /// The scope that each operation needs, such as `GET /v1/agents/{agent_id}`. One that is not here is refused to all
    /// keys.
    package var scopes: [String: KeyScope] = [:]
    /// The grant of a key that exists and has not expired.
    package var grant: @Sendable (_ key: String) async throws -> KeyGrant? = { _ in nil }

    package init() {}

    private static let prefix = "\(APIKey.idPrefix)-"

    /// The key of a request; nil for one that has none.
    static func key(of request: Request) -> String? {
        guard let header = request.headers[.authorization], header.prefix(7).lowercased() == "bearer " else {
            return nil
        }
        let text = header.dropFirst(7)
        return text.hasPrefix(prefix) && text.contains(".") && text.utf8.count <= 256 ? String(text) : nil
    }

    /// - Throws: `APIError` 403 for what the grant does not allow.
    func check(_ grant: KeyGrant, to operation: String) throws {
        guard let scope = scopes[operation] else { throw APIError(403, "No API key allows \(operation).") }
        guard grant.scopes.contains(scope) || grant.scopes.contains(.admin) else {
            let own = grant.scopes.map(\.rawValue).sorted().joined(separator: ", ")
            throw APIError(
                403, "\(operation) needs a key with the scope \(scope.rawValue); this one has \(own).")
        }
    }
}

/// Finds out what the key of a request allows.
struct APIKeyCheck: RouterMiddleware {
    let door: APIKeyDoor
    /// Whether no password is asked for: then nothing else refuses a key that is none.
    let isOnlyDoor: Bool

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let key = APIKeyDoor.key(of: request), !Authentication.isAnonymous(request) else {
            return try await next(request, context)
        }
        guard let grant = try await door.grant(key) else {
            if isOnlyDoor { throw APIError(401, "The API key does not exist or has expired.") }
            return try await next(request, context)
        }
        var context = context
        context.key = grant
        return try await next(request, context)
    }
}

/// Who sent a request, for the access log, which is outside of what finds it out.
final class CallerName: Sendable {
    struct Value: Sendable {
        var user: String?
        var key: ID<APIKey>?
    }

    private let value = Mutex(Value())

    func set(_ caller: Caller) {
        value.withLock { $0 = Value(user: caller.user, key: caller.key) }
    }

    func get() -> Value { value.withLock { $0 } }
}
