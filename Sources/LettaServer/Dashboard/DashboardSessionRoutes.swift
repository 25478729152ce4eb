import HTTPKit
import HTTPTypes
import Hummingbird
import LettaAPI

struct DashboardSessionRoutes: RouteGroup {
    let sessions: DashboardSessionService

    func register(on routes: Routes) {
        routes.handleResponse(API.DashboardSessions.open, mayStream: false) { call, request in
            // Another site must not sign a visitor in to its own liking.
            guard SessionCookie.isOwnPage(request) || !request.isFromBrowser else {
                throw APIError(403, "Sign in on the dashboard's own page.")
            }
            let (token, session) = try await sessions.open(call.body, as: call.scope)
            return Response.json(session, headers: token.map { cookie($0, for: request) } ?? [:])
        }
        routes.handleResponse(API.DashboardSessions.retrieve, mayStream: false) { _, request in
            Response.json(try await sessions.session(SessionCookie.token(of: request)))
        }
        routes.handleResponse(API.DashboardSessions.close, mayStream: false) { call, request in
            try await sessions.close(
                SessionCookie.token(of: request), everywhere: call.query.everywhere ?? false, as: call.scope)
            return Response.json(NullOutput(), headers: cookie(nil, for: request))
        }
    }

    private func cookie(_ token: String?, for request: Request) -> HTTPFields {
        [
            .setCookie: SessionCookie.header(
                token, seconds: DashboardSessionService.longest, isSecure: request.isFromSecurePage),
            .cacheControl: "no-store",
        ]
    }
}

extension Request {
    /// Browsers name the origin of what they post.
    fileprivate var isFromBrowser: Bool { headers[.origin] != nil }

    /// Also behind a proxy that speaks TLS.
    fileprivate var isFromSecurePage: Bool { headers[.origin]?.hasPrefix("https://") == true }
}
