import Crypto
import EventStreams
import FoundationEssentials
import JSON
package import ModelProviders

/// OAuth 2.1 for MCP servers: discovery, registration, authorization codes with PKCE, refreshing.
///
/// Every address comes from a server that nobody vouches for. Each is called through the egress transport, which follows
/// no redirect, and none but http and https goes to the user's browser.
package struct OAuthClient: Sendable {
    private let egress: EgressClient
    private let clock: any Clock<Duration>
    private static let patience = Duration.seconds(15)
    /// Of a document, in bytes.
    private static let longest = 256 << 10

    package init(egress: EgressClient, clock: any Clock<Duration>) {
        self.egress = egress
        self.clock = clock
    }

    // MARK: Discovery

    /// Finds out where a server's users authorize, and registers this server there as a client.
    ///
    /// - Parameter challenge: the `WWW-Authenticate` header of the server's refusal.
    package func begin(_ server: String, challenge: String?, redirectURI: String) async throws -> OAuthGrant {
        let resource = try await protectedResource(server, challenge)
        let issuer = resource?["authorization_servers"]?.array?.first?.string ?? Self.origin(server)
        guard (try? EgressAddress(issuer)) != nil else { throw Self.broken("its authorization server is no address") }
        let metadata = try await authorizationServer(issuer)
        func endpoint(_ name: String, _ fallback: String) throws -> String {
            let text = metadata?[name]?.string ?? Self.origin(issuer) + fallback
            guard (try? EgressAddress(text)) != nil, !text.contains("#") else {
                throw Self.broken("its \(name) is no address")
            }
            return text
        }
        if let methods = metadata?["code_challenge_methods_supported"]?.array,
            !methods.contains(.string("S256"))
        {
            throw Self.broken("its authorization server has no PKCE with S256")
        }
        let scopes =
            Self.parameter("scope", in: challenge)
            ?? resource?["scopes_supported"]?.array.map { $0.compactMap(\.string).joined(separator: " ") }
        var grant = OAuthGrant(
            authorizationEndpoint: try endpoint("authorization_endpoint", "/authorize"),
            tokenEndpoint: try endpoint("token_endpoint", "/token"),
            registrationEndpoint: try endpoint("registration_endpoint", "/register"),
            issuer: metadata?["issuer"]?.string, resource: resource?["resource"]?.string ?? server,
            scope: scopes?.isEmpty == false ? scopes : nil, redirectURI: redirectURI)
        // A resource of another origin would let one server collect tokens for another.
        if Self.origin(grant.resource).lowercased() != Self.origin(server).lowercased() { grant.resource = server }
        try await register(&grant)
        grant.verifier = Self.random()
        return grant
    }

    private func protectedResource(_ server: String, _ challenge: String?) async throws -> JSONObject? {
        let named = Self.parameter("resource_metadata", in: challenge)
        let known = Self.wellKnown("oauth-protected-resource", of: server)
        for url in [named].compactMap(\.self) + known {
            if let found = try await document(url) { return found }
        }
        return nil
    }

    private func authorizationServer(_ issuer: String) async throws -> JSONObject? {
        let path = Self.path(issuer)
        for url in Self.wellKnown("oauth-authorization-server", of: issuer)
            + Self.wellKnown("openid-configuration", of: issuer)
            + (path.isEmpty ? [] : ["\(Self.origin(issuer))\(path)/.well-known/openid-configuration"])
        {
            guard let found = try await document(url) else { continue }
            // Otherwise one authorization server could speak for another.
            if let named = found["issuer"]?.string, Self.trimmed(named) != Self.trimmed(issuer) {
                throw Self.broken("its authorization server calls itself \(named.prefix(200))")
            }
            return found
        }
        return nil
    }

    private func register(_ grant: inout OAuthGrant) async throws {
        guard let url = grant.registrationEndpoint else { throw Self.broken("it registers no clients") }
        var wish: JSONObject = [
            "client_name": "letta-swift", "redirect_uris": [.string(grant.redirectURI)],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        ]
        if let scope = grant.scope { wish["scope"] = .string(scope) }
        let (status, answer) = try await call(
            EgressRequest(
                "POST", url, headers: [(name: "content-type", value: "application/json")],
                body: JSONWriter.bytes(of: JSONValue.object(wish))))
        guard (200..<300).contains(status), let id = answer?["client_id"]?.string, !id.isEmpty else {
            throw Self.broken("it did not register this server as a client (status \(status))")
        }
        grant.clientID = id
        grant.clientSecret = answer?["client_secret"]?.string
    }

    // MARK: Tokens

    /// Where the user's browser has to go.
    package static func authorizationURL(_ grant: OAuthGrant, state: String) -> String {
        let challenge = base64URL(Array(SHA256.hash(data: Array(grant.verifier.utf8))))
        var fields = [
            ("response_type", "code"), ("client_id", grant.clientID), ("redirect_uri", grant.redirectURI),
            ("state", state), ("code_challenge", challenge), ("code_challenge_method", "S256"),
            ("resource", grant.resource),
        ]
        if let scope = grant.scope { fields.append(("scope", scope)) }
        return grant.authorizationEndpoint + (grant.authorizationEndpoint.contains("?") ? "&" : "?") + form(fields)
    }

    /// Exchanges the code for tokens.
    package func redeem(_ code: String, for grant: OAuthGrant, at seconds: Int64) async throws -> OAuthGrant {
        try await token(
            grant,
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", grant.redirectURI),
                ("code_verifier", grant.verifier),
            ], at: seconds)
    }

    package func refresh(_ grant: OAuthGrant, at seconds: Int64) async throws -> OAuthGrant {
        guard let token = grant.refreshToken else {
            throw MCPFailure(.unauthorized(challenge: nil), "The server's token has expired. Connect to it again.")
        }
        return try await self.token(grant, [("grant_type", "refresh_token"), ("refresh_token", token)], at: seconds)
    }

    private func token(
        _ grant: OAuthGrant, _ fields: [(String, String)], at seconds: Int64
    ) async throws -> OAuthGrant {
        var fields = fields + [("client_id", grant.clientID), ("resource", grant.resource)]
        if let secret = grant.clientSecret { fields.append(("client_secret", secret)) }
        let (status, answer) = try await call(
            EgressRequest(
                "POST", grant.tokenEndpoint,
                headers: [
                    (name: "content-type", value: "application/x-www-form-urlencoded"),
                    (name: "accept", value: "application/json"),
                ], body: Array(Self.form(fields).utf8)))
        guard status == 200, let token = answer?["access_token"]?.string, !token.isEmpty,
            token.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            let reason = answer?["error"]?.string.map { ": \($0.prefix(100))" } ?? ""
            throw MCPFailure(
                .unauthorized(challenge: nil), "The authorization server gave no token (status \(status)\(reason)).")
        }
        var grant = grant
        grant.accessToken = token
        grant.refreshToken = answer?["refresh_token"]?.string ?? grant.refreshToken
        grant.expiresAt = answer?["expires_in"]?.double.map { seconds + Int64(min(max($0, 0), 1e9)) }
        grant.verifier = ""
        return grant
    }

    // MARK: Requests

    /// Nil when there is no such document.
    private func document(_ url: String) async throws -> JSONObject? {
        guard (try? EgressAddress(url)) != nil else { return nil }
        let (status, answer) = try await call(
            EgressRequest(
                "GET", url,
                headers: [
                    (name: "accept", value: "application/json"),
                    (name: "mcp-protocol-version", value: MCPVersion.newest),
                ]))
        return status == 200 ? answer : nil
    }

    private func call(_ request: EgressRequest) async throws -> (status: Int, answer: JSONObject?) {
        do {
            return try await withDeadline(Self.patience, clock: clock) { [egress] in
                let response = try await egress.exchange(request)
                let bytes = try await response.collect(upTo: Self.longest)
                // Anything else is no answer, and the status says why.
                return (response.status, (try? JSONParser(options: [.removeNUL]).parse(bytes))?.object)
            }
        } catch let failure as ProviderFailure {
            // A redirect is as good as nothing.
            if let status = failure.status { return (status, nil) }
            throw try RemoteServer.failure(failure)
        } catch is DeadlineExceeded {
            throw MCPFailure(.timeout, "\(EgressAddress.shown(request.url)) did not answer in time.")
        }
    }

    private static func broken(_ what: String) -> MCPFailure {
        MCPFailure(.invalidAnswer, "The server's authorization can't be used: \(what).")
    }

    // MARK: Texts

    /// 256 random bits that fit into a URL.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return base64URL((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    package static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
    }

    private static func percentEncoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF")
        return String(
            text.utf8.flatMap { byte -> [Character] in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                    [Character(UnicodeScalar(byte))]
                default: ["%", hex[Int(byte >> 4)], hex[Int(byte & 15)]]
                }
            })
    }

    static func origin(_ url: String) -> String { EventStreamLink.origin(of: url) }

    private static func path(_ url: String) -> String {
        trimmed(String(url.dropFirst(origin(url).count).prefix { $0 != "?" && $0 != "#" }))
    }

    private static func trimmed(_ text: String) -> String { text.hasSuffix("/") ? String(text.dropLast()) : text }

    /// The places of a document about `url`: with its path, and without.
    private static func wellKnown(_ name: String, of url: String) -> [String] {
        let (origin, path) = (origin(url), path(url))
        return (path.isEmpty ? [] : ["\(origin)/.well-known/\(name)\(path)"]) + ["\(origin)/.well-known/\(name)"]
    }

    /// A quoted parameter of a `WWW-Authenticate` header.
    static func parameter(_ name: String, in challenge: String?) -> String? {
        guard let challenge, let start = challenge.firstRange(of: "\(name)=\"")?.upperBound else { return nil }
        let value = challenge[start...].prefix { $0 != "\"" }
        return value.isEmpty ? nil : String(value)
    }
}
