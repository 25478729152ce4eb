import HTTPTypes
import Hummingbird
import LettaAPI

/// Keeps web pages from elsewhere out of a server that only this machine can connect to.
///
/// A page can point its own host name at 127.0.0.1 and so call the server from the browser of whoever looks at
/// it. The name it was called by, and the page's origin, give that away.
struct HostCheck: RouterMiddleware {
    private let allowed: Set<String>
    private let origins: OriginPolicy

    init(allowedHosts: [String], origins: OriginPolicy) {
        allowed = Set(allowedHosts.map(HostName.withoutPort))
        self.origins = origins
    }

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority
        // No browser leaves the host out.
        if let authority, !authority.isEmpty {
            let name = HostName.withoutPort(authority)
            guard HostName.isThisMachine(name) || allowed.contains(name) else {
                throw APIError(
                    403, "The host name of this request is not allowed. Add it to LETTA_ALLOWED_HOSTS to allow it.")
            }
        }
        if let origin = request.headers[.origin], !origins.accepts(origin, servedAs: authority) {
            throw APIError(
                403, "Web pages of this origin may not call this server. Add it to ACCEPTABLE_ORIGINS to allow it.")
        }
        return try await next(request, context)
    }
}
