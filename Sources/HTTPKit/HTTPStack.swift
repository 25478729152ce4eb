import HTTPTypes
package import Hummingbird
package import HummingbirdCore
package import LettaAPI

/// Access rules and limits of the HTTP server.
package struct HTTPSettings: Sendable {
    /// Required for everything but health checks; nil for no password.
    package var password: String?
    /// Whether only this machine can connect; ``HostCheck`` then rejects foreign host names and origins.
    package var isBoundToLoopback = true
    /// Host names of a loopback server beside `localhost`.
    package var allowedHosts: [String] = []
    /// Allowed origins of web pages beside those of this machine; `*` allows all.
    package var acceptableOrigins: [String] = []
    /// In bytes.
    package var bodyLimit = ServerContext.defaultBodyLimit
    /// Maps errors of layers unknown to HTTPKit to API errors; nil for unexpected ones.
    package var translate: @Sendable (any Error) -> APIError? = { _ in nil }
    /// The organization of the user that a request names; nil lets the request act as the default user. Throws an
    /// `APIError` for a user that may not act.
    package var organizationOfUser: @Sendable (String) async throws -> String? = { _ in nil }
    /// The id of the project that the header `X-Project` names in an organization; nil for none. A request that may change
    /// something may create it.
    package var projectOfHeader:
        @Sendable (_ name: String, _ organization: String, _ creating: Bool) async throws -> String? = { _, _, _ in nil
        }
    /// The tokens of web pages.
    package var accessTokens = AccessTokenDoor()
    /// Whether a session of the dashboard is open.
    package var isSession: @Sendable (_ token: String) async throws -> Bool = { _ in false }
    /// Paths that GET serves without a password: files that are the same for everybody.
    package var openPaths: Set<String> = []
    /// Gets each request that has ended; nil when nobody traces requests.
    package var recordRequest: (@Sendable (RequestTrace) -> Void)?
    /// Gets what each request changed that has succeeded; nil when nobody wants to know.
    package var changed: (@Sendable (RouteChange) -> Void)?
    /// The keys of people and programs.
    package var apiKeys = APIKeyDoor()

    package init() {}
}

/// The middleware of a server, outermost first: request id, access log and metrics; CORS; error rendering;
/// host check; authentication; routes.
package struct HTTPStack: Sendable {
    package let responder: CallbackResponder<ServerContext>
    /// What access rules are made for, such as `GET /v1/agents/{agent_id}`: other spellings are not among them.
    package let operations: Set<String>

    /// HTTP/1.1, in TLS with a certificate.
    package static func server(_ certificate: TLSCertificate? = nil) -> HTTPServerBuilder {
        guard let certificate else { return .http1(configuration: connections) }
        return HTTPServerBuilder { responder in
            TLSChannel(base: HTTP1Channel(responder: responder, configuration: connections), certificate: certificate)
        }
    }

    package static var connections: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionPersistenceInstaller(), DisconnectHandler()],
            idleTimeout: .seconds(75))
    }

    package init(routes: Routes, settings: HTTPSettings, metrics: HTTPMetrics) throws(RouteConflict) {
        operations = Set(routes.records.map { $0.original ?? "\($0.verb.rawValue) \($0.path)" })
        let origins = OriginPolicy(acceptable: settings.acceptableOrigins)
        var layers: [any RouterMiddleware<ServerContext>] = [
            AccessLog(metrics: metrics, recordRequest: settings.recordRequest),
            CORS(origins: origins, tokens: settings.accessTokens),
            RenderErrors(translate: settings.translate),
        ]
        if settings.isBoundToLoopback {
            layers.append(
                HostCheck(allowedHosts: settings.allowedHosts, origins: origins, tokens: settings.accessTokens))
        }
        layers.append(AccessTokenCheck(door: settings.accessTokens, isOnlyDoor: settings.password == nil))
        layers.append(APIKeyCheck(door: settings.apiKeys, isOnlyDoor: settings.password == nil))
        if let password = settings.password {
            layers.append(SessionCheck(isSession: settings.isSession))
            layers.append(
                Authentication(password: password, openPaths: settings.openPaths, clock: ContinuousClock()))
        }
        let routed = RouteResponder(table: try RouteTable(routes.entries), settings: settings)
        var respond: @Sendable (Request, ServerContext) async throws -> Response = routed.respond
        for layer in layers.reversed() {
            let next = respond
            respond = { try await layer.handle($0, context: $1, next: next) }
        }
        responder = CallbackResponder(callback: respond)
    }
}

/// Dispatches requests to routes; responds with 404 and 405 where there is none.
struct RouteResponder: Sendable {
    let table: RouteTable
    let settings: HTTPSettings

    @Sendable func respond(to request: Request, context: ServerContext) async throws -> Response {
        // HEAD is served as GET; AccessLog drops the body.
        let verb = request.method == .head ? .get : HTTPVerb(rawValue: request.method.rawValue)
        switch table.find(verb, request.uri.path) {
        case .route(let route, let captures):
            var context = context
            context.coreContext.endpointPath.value = route.path
            context.captures = captures
            context.maxUploadSize = settings.bodyLimit
            var request = request
            if let grant = context.grant {
                try await settings.accessTokens.check(
                    &request, of: grant, to: route, captures, limit: settings.bodyLimit)
                context.caller = caller(of: request, with: grant)
            } else {
                if let key = context.key { try settings.apiKeys.check(key, to: route.operation) }
                context.caller = try await caller(of: request, with: context.key)
            }
            if !Authentication.isAnonymous(request) { context.callerName.set(context.caller) }
            if request.headers[.expect]?.lowercased() == "100-continue",
                declaredLength(of: request) <= settings.bodyLimit
            {
                context.client.askForBody()
            }
            let response = try await route.handler(request, context, route.match)
            if let changed = settings.changed, response.status.code < 300, verb != .get,
                settings.apiKeys.scopes[route.operation] != .read
            {
                changed(
                    RouteChange(organization: context.caller.organization, path: route.path, captures: captures))
            }
            return settings.accessTokens.shown(response, of: route, to: context.grant, captures)
        case .methodNotAllowed(let verbs):
            let allow: HTTPFields = [.allow: Self.allow(verbs)]
            if request.method == .options { return Response(status: .noContent, headers: allow) }
            return .detail("Method Not Allowed", status: 405, headers: allow)
        case .notFound:
            return .detail("Not Found", status: 404)
        }
    }

    private func declaredLength(of request: Request) -> Int {
        request.headers[.contentLength].flatMap { Int($0) } ?? 0
    }

    private static func allow(_ verbs: Set<HTTPVerb>) -> String {
        var names = verbs.map(\.rawValue) + ["OPTIONS"]
        if verbs.contains(.get) { names.append("HEAD") }
        return names.sorted().joined(separator: ", ")
    }

    private func caller(of request: Request, with grant: AccessGrant) -> Caller {
        let headers = request.headers
        var caller = Caller(
            organization: grant.organization, user: grant.user,
            generation: ClientGeneration(
                stainlessVersion: headers[.stainlessPackageVersion], userAgent: headers[.userAgent]))
        caller.mayAdminister = false
        return caller
    }

    private func caller(of request: Request, with key: KeyGrant?) async throws -> Caller {
        let headers = request.headers
        var caller = Caller(
            project: headers[.projectID].flatMap { $0.isEmpty ? nil : $0 },
            generation: ClientGeneration(
                stainlessVersion: headers[.stainlessPackageVersion], userAgent: headers[.userAgent]))
        // Nobody has shown the password yet, and whether a user exists must not be told.
        guard !Authentication.isAnonymous(request) else { return caller }
        if let key {
            (caller.organization, caller.user, caller.key) = (key.organization, key.user, key.id)
            caller.mayAdminister = key.scopes.contains(.admin)
            if let user = headers[.userID], user != key.user {
                throw APIError(403, "An API key acts as \(key.user), not as the user of the header user_id.")
            }
        } else if let user = headers[.userID] {
            try await act(as: user, &caller)
        }
        if caller.project == nil, let name = headers[.project], !name.isEmpty {
            let mayCreate = ![.get, .head, .delete, .options].contains(request.method)
            caller.project = try await settings.projectOfHeader(name, caller.organization, mayCreate)
        }
        return caller
    }

    private func act(as user: String, _ caller: inout Caller) async throws {
        guard CapturePattern.id(prefix: "user").matches(user) else {
            throw APIError.invalidArgument(
                "Invalid user ID format: \(user). Expected format: 'user-<uuid4>'")
        }
        if let organization = try await settings.organizationOfUser(user) {
            caller.organization = organization
            caller.user = user
        }
    }
}
