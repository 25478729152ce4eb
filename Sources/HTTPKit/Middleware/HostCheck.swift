import HTTPTypes
import Hummingbird
import LettaAPI

/// Protects a loopback server from DNS rebinding: a web page that points its own host name at 127.0.0.1 and calls the
/// server from a visitor's browser. The `Host` and `Origin` headers reveal it.
struct HostCheck: RouterMiddleware {
    private let allowed: Set<String>
    private let origins: OriginPolicy
    private let tokens: AccessTokenDoor

    init(allowedHosts: [String], origins: OriginPolicy, tokens: AccessTokenDoor) {
        self.tokens = tokens
        allowed = Set(allowedHosts.compactMap(HostName.withoutPort))
        self.origins = origins
    }

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority
        // Every browser sends a host.
        if let authority, !authority.isEmpty {
            guard let name = HostName.withoutPort(authority) else {
                throw APIError(400, "The Host header \(authority) is malformed. Use a host name and a port number.")
            }
            guard HostName.isThisMachine(name) || allowed.contains(name) else {
                throw APIError(
                    403, "The host name \(name) is not allowed. Add it to LETTA_ALLOWED_HOSTS.")
            }
        }
        if let origin = request.headers[.origin], !origins.accepts(origin, servedAs: authority) {
            // The token of a page says which page it is for.
            let isPage: Bool
            if AccessTokenDoor.token(of: request) != nil {
                isPage = try await tokens.acceptsOrigin(origin)
            } else {
                isPage = false
            }
            guard isPage else {
                throw APIError(
                    403, "The origin \(origin) is not allowed. Add it to ACCEPTABLE_ORIGINS.")
            }
        }
        return try await next(request, context)
    }
}
