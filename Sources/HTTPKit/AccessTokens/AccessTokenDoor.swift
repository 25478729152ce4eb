import HTTPTypes
import Hummingbird
import JSON
package import LettaAPI
import NIOCore

/// Lets requests in that have an access token, each only where the token's rules allow it.
package struct AccessTokenDoor: Sendable {
    /// The rules by operation, such as `GET /v1/agents/{agent_id}`.
    package var rules: [String: AccessRule] = [:]
    /// The grant of a token that exists and has not expired.
    package var grant: @Sendable (_ token: String) async throws -> AccessGrant? = { _ in nil }
    /// Whether a token is for this origin.
    package var isOriginOfToken: @Sendable (_ origin: String) async throws -> Bool = { _ in false }
    /// The agent that something belongs to.
    package var owner: @Sendable (AccessRule.Subject, _ id: String, AccessGrant) async throws -> ID<AgentState>? = {
        _, _, _ in nil
    }

    /// Whether the block of an agent with this label is read-only.
    package var isReadOnly: @Sendable (_ label: String, ID<AgentState>, AccessGrant) async throws -> Bool = {
        _, _, _ in false
    }

    package init() {}

    /// What every token begins with.
    package static let prefix = "\(AccessToken.idPrefix)-"

    /// The access token of a request; nil for one that has none.
    static func token(of request: Request) -> String? {
        guard let header = request.headers[.authorization], header.prefix(7).lowercased() == "bearer " else {
            return nil
        }
        let text = header.dropFirst(7)
        return text.hasPrefix(prefix) && text.utf8.count <= 256 ? String(text) : nil
    }

    func acceptsOrigin(_ origin: String) async throws -> Bool {
        try await isOriginOfToken(OriginPolicy.normalized(origin))
    }

    /// The response as far as the grant allows to see it.
    func shown(
        _ response: Response, of route: RouteTable.Route, to grant: AccessGrant?, _ captures: [String]
    ) -> Response {
        guard let grant, let needed = rules[route.operation]?.answer, response.status.code < 300,
            case .path(let place)? = route.match.sources.first,
            grant.rights[ID(captures[place])]?.contains(needed) != true
        else { return response }
        return Response.json(JSONValue.null)
    }

    /// - Throws: `APIError` 403 for what the grant does not allow.
    func check(
        _ request: inout Request, of grant: AccessGrant, to route: RouteTable.Route, _ captures: [String], limit: Int
    ) async throws {
        guard let rule = rules[route.operation] else {
            throw APIError(403, "An access token does not allow \(route.operation).")
        }
        // Which agents and runs exist is not told.
        let refusal = APIError(403, "This access token does not allow \(route.operation) with this id.")
        guard case .path(let place)? = route.match.sources.first, captures.indices.contains(place) else {
            throw refusal
        }
        let agent =
            rule.subject == .agent ? ID(captures[place]) : try await owner(rule.subject, captures[place], grant)
        guard let agent, grant.rights[agent]?.contains(rule.right) == true else { throw refusal }
        if rule.writesBlock, case .path(let place)? = route.match.sources.dropFirst().first,
            captures.indices.contains(place), try await isReadOnly(captures[place], agent, grant)
        {
            throw APIError(403, "The block \(captures[place]) is read-only; an access token does not change it.")
        }
        guard let members = rule.members else { return }
        let body = try await request.collectBody(upTo: limit)
        // What is no object is the route's to refuse.
        let given = (try? bodyParser.parse(Array(body.readableBytesView)))?.object ?? [:]
        if let member = given.first(where: { !members.contains($0.key) })?.key {
            throw APIError(403, "An access token does not allow \(member) in \(route.operation).")
        }
        // Neither a system message nor the answer to a call that waits for somebody's approval.
        let isOthers = given["messages"]?.array?.contains { message in
            message["role"]?.string != "user" || (message["type"] ?? "message") != "message"
        }
        if isOthers == true {
            throw APIError(403, "An access token allows messages of the role user alone in \(route.operation).")
        }
    }
}

/// Finds out what the token of a request allows, and that its own web page uses it.
struct AccessTokenCheck: RouterMiddleware {
    let door: AccessTokenDoor
    /// Whether no password is asked for: then nothing else refuses a token that is none.
    let isOnlyDoor: Bool

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let token = AccessTokenDoor.token(of: request), !Authentication.isAnonymous(request) else {
            return try await next(request, context)
        }
        guard let grant = try await door.grant(token) else {
            if isOnlyDoor { throw APIError(401, "The access token does not exist or has expired.") }
            return try await next(request, context)
        }
        if let origin = request.headers[.origin], OriginPolicy.normalized(origin) != grant.origin {
            throw APIError(403, "The access token is for \(grant.origin), not for \(origin).")
        }
        var context = context
        context.grant = grant
        return try await next(request, context)
    }
}
