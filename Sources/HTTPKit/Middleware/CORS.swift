import HTTPTypes
import Hummingbird

/// Cross-origin resource sharing. Preflight requests need no password.
struct CORS: RouterMiddleware {
    let origins: OriginPolicy
    let tokens: AccessTokenDoor

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin] else { return try await next(request, context) }
        var isAccepted = origins.accepts(origin)
        if request.method == .options, let method = request.headers[.accessControlRequestMethod] {
            // A preflight request has no token yet.
            if !isAccepted { isAccepted = try await tokens.acceptsOrigin(origin) }
            return preflight(request, isAccepted ? origin : nil, method)
        }
        if !isAccepted, AccessTokenDoor.token(of: request) != nil {
            isAccepted = try await tokens.acceptsOrigin(origin)
        }
        var response = try await next(request, context)
        if isAccepted {
            Self.allow(origin, &response.headers)
            response.headers[.accessControlExposeHeaders] = "Link, X-Request-Id"
        }
        return response
    }

    private func preflight(_ request: Request, _ origin: String?, _ method: String) -> Response {
        guard let origin else { return .text("Disallowed CORS origin", status: .badRequest) }
        var headers: HTTPFields = [.accessControlAllowMethods: method, .accessControlMaxAge: "600"]
        headers[.accessControlAllowHeaders] = request.headers[.accessControlRequestHeaders]
        Self.allow(origin, &headers)
        return .text("OK", headers: headers)
    }

    private static func allow(_ origin: String, _ headers: inout HTTPFields) {
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlAllowCredentials] = "true"
        headers[.vary] = "Origin"
    }
}
