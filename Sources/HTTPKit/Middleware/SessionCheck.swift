import HTTPTypes
package import Hummingbird
import LettaAPI

/// The cookie of the dashboard's session.
package enum SessionCookie {
    static let name = "letta_session"

    /// The session's token in a request; nil for none.
    package static func token(of request: Request) -> String? {
        for header in request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == name, parts[1].utf8.count <= 128 { return String(parts[1]) }
            }
        }
        return nil
    }

    /// The header that has a browser keep the token, or forget it when it is nil.
    package static func header(_ token: String?, seconds: Int64, isSecure: Bool) -> String {
        let secure = isSecure ? "; Secure" : ""
        return
            "\(name)=\(token ?? ""); Path=/; Max-Age=\(token == nil ? 0 : seconds); HttpOnly; SameSite=Strict\(secure)"
    }

    /// Whether a browser sent the request for a page of this server, and not for one of another site.
    package static func isOwnPage(_ request: Request) -> Bool {
        let isReading = request.method == .get || request.method == .head
        if let site = request.headers[.fetchSite] { return site == "same-origin" || isReading && site == "none" }
        guard let origin = request.headers[.origin] else { return isReading }
        guard let authority = request.head.authority, !authority.isEmpty else { return false }
        return origin == "http://\(authority)" || origin == "https://\(authority)"
    }
}

/// Lets requests in that have the cookie of an open session, if they come from a page of this server: the cookie alone
/// does not say which page had it sent.
struct SessionCheck: RouterMiddleware {
    let isSession: @Sendable (_ token: String) async throws -> Bool

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard context.grant == nil, request.headers[.authorization] == nil, request.headers[.barePassword] == nil,
            !Authentication.isAnonymous(request), let token = SessionCookie.token(of: request),
            try await isSession(token)
        else { return try await next(request, context) }
        guard SessionCookie.isOwnPage(request) else {
            throw APIError(403, "A session of the dashboard is for its own pages. Send the password instead.")
        }
        var context = context
        context.hasSession = true
        var response = try await next(request, context)
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }
}
