import HTTPTypes
package import Hummingbird
package import HummingbirdCore
package import LettaAPI

/// How the server faces its callers.
package struct HTTPSettings: Sendable {
    /// Needed for everything but health checks when it is set.
    package var password: String?
    /// Whether only this machine can connect; then web pages from elsewhere are kept out by ``HostCheck``.
    package var isBoundToLoopback = true
    /// Names beside `localhost` under which a loopback server may be called.
    package var allowedHosts: [String] = []
    /// Origins of web pages, beside those of this machine, that may call; `*` stands for all.
    package var acceptableOrigins: [String] = []
    /// The largest request body in bytes.
    package var bodyLimit = ServerContext.defaultBodyLimit
    /// Tells errors of parts that HTTPKit does not know in the API's terms; nil for what is truly unexpected.
    package var translate: @Sendable (any Error) -> APIError? = { _ in nil }
    /// The organization of a user; nil when there is no such user, which makes the caller the default user.
    package var organizationOfUser: @Sendable (String) async throws -> String? = { _ in nil }

    package init() {}
}

/// Everything a request passes through, from the connection to the handler.
///
/// In this order: request id, log line and metrics; CORS; error rendering; host check; password; route.
package struct HTTPStack: Sendable {
    package let responder: CallbackResponder<ServerContext>

    /// How connections are held.
    package static var connections: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(additionalChannelHandlers: [ClosingHandler()], idleTimeout: .seconds(75))
    }

    package init(routes: Routes, settings: HTTPSettings, metrics: HTTPMetrics) throws(RouteConflict) {
        let origins = OriginPolicy(acceptable: settings.acceptableOrigins)
        var layers: [any RouterMiddleware<ServerContext>] = [
            AccessLog(metrics: metrics), CORS(origins: origins), RenderErrors(translate: settings.translate),
        ]
        if settings.isBoundToLoopback {
            layers.append(HostCheck(allowedHosts: settings.allowedHosts, origins: origins))
        }
        if let password = settings.password {
            layers.append(Authentication(password: password, clock: ContinuousClock()))
        }
        let end = RouteResponder(table: try RouteTable(routes.entries), settings: settings)
        var answer: @Sendable (Request, ServerContext) async throws -> Response = end.respond
        for layer in layers.reversed() {
            let next = answer
            answer = { try await layer.handle($0, context: $1, next: next) }
        }
        responder = CallbackResponder(callback: answer)
    }
}

/// Hands a request to its route, and answers for paths and verbs that have none.
struct RouteResponder: Sendable {
    let table: RouteTable
    let settings: HTTPSettings

    @Sendable func respond(to request: Request, context: ServerContext) async throws -> Response {
        // HEAD is answered as GET; the body is left out at the end.
        let verb = request.method == .head ? .get : HTTPVerb(rawValue: request.method.rawValue)
        switch table.find(verb, request.uri.path) {
        case .route(let route, let captures):
            var context = context
            context.coreContext.endpointPath.value = route.path
            context.captures = captures
            context.maxUploadSize = settings.bodyLimit
            context.caller = try await caller(of: request)
            return try await route.handler(request, context, route.match)
        case .otherVerbs(let verbs):
            let allow: HTTPFields = [.allow: Self.allow(verbs)]
            if request.method == .options { return Response(status: .noContent, headers: allow) }
            return .detail("Method Not Allowed", status: 405, headers: allow)
        case .nothing:
            return .detail("Not Found", status: 404)
        }
    }

    private static func allow(_ verbs: Set<HTTPVerb>) -> String {
        var names = verbs.map(\.rawValue) + ["OPTIONS"]
        if verbs.contains(.get) { names.append("HEAD") }
        return names.sorted().joined(separator: ", ")
    }

    private func caller(of request: Request) async throws -> Caller {
        let headers = request.headers
        var caller = Caller(
            project: headers[.projectID].flatMap { $0.isEmpty ? nil : $0 },
            generation: ClientGeneration(
                stainlessVersion: headers[.stainlessPackageVersion], userAgent: headers[.userAgent]))
        guard let user = headers[.userID] else { return caller }
        guard CapturePattern.id(prefix: "user").matches(user) else {
            throw APIError.invalidArgument(
                "Invalid user ID format: \(user). Expected format: 'user-<uuid4>'")
        }
        if let organization = try await settings.organizationOfUser(user) {
            caller.organization = organization
            caller.user = user
        }
        return caller
    }
}
